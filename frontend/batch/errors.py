"""Why a batch, or a file of it, is not asked about."""


class UnusableFile(Exception):
    """What is wrong with one file, in words for people."""


class UnusableZip(Exception):
    """What is wrong with a whole zip, in words for people."""


class NothingInside(Exception):
    """No file is in what was chosen."""


class TooMany(Exception):
    """More pictures, or more batches, than there is room for, in words for people."""
