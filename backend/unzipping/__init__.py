"""A stranger's zip, read in memory without trusting a word of it.

The standard library's reader parses a whole directory before it can be asked how long it is, and unpacks by
methods that take as much memory as the archive says. Here what an archive declares bounds the work, and one
that declares too much, or contradicts itself, is refused before any of it is unpacked.
"""
