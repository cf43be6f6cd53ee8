"""Why a batch, or a file of it, is not asked about."""


class UnusableFile(Exception):
    """What is wrong with one file, in words for people."""


class UnusableZip(Exception):
    """What is wrong with a whole zip, in words for people."""


class NothingInside(Exception):
    """No file is in what was chosen."""


class TooMany(Exception):
    """More than goes at a time, in words for people."""


class NoRoom(Exception):
    """There is no room for it as long as others take theirs, in words for people."""
