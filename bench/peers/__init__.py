"""What ours is held against, each the way its own documents advise: servers with the same weights, and
searches among the same embeddings."""
