"""What `bench.gallery` measures with: a crowd of embeddings like real ones, and those who search it."""
