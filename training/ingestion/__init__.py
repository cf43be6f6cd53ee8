"""Folders of pictures to rows of the library: found, decoded, hashed, measured, split."""
