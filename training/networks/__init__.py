"""The networks that can be trained: what they are made of, and where their weights come from."""
