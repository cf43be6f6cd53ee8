"""Pictures like this one: the library's embeddings under one bundle, searched exactly or at scale."""
