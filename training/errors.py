"""What can go wrong offline, said so that a person knows what to do next."""


class TrainingError(Exception):
    """The root of this room's errors."""


class NoPictures(TrainingError):
    """There is nothing to work on."""


class BadSource(TrainingError):
    """What was named is no folder or table of pictures."""


class NotPromoted(TrainingError):
    """A bundle is not good enough to become the champion."""
