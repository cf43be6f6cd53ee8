"""Servers that ours is held against, each the way its own documents advise, with the same weights."""
