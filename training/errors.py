"""What can go wrong offline, said so that a person knows what to do next."""


class TrainingError(Exception):
    """The root of this room's errors."""


class NoPictures(TrainingError):
    """There is nothing to work on."""


class BadSource(TrainingError):
    """What was named is no folder or table of pictures."""


class BadExport(TrainingError):
    """The exported network answers otherwise than the one that was trained."""


class NotPromoted(TrainingError):
    """A bundle is not good enough to become the champion."""


class WeightsUnavailable(TrainingError):
    """Pretrained weights cannot be had, or are of another network."""


class BadRecipe(TrainingError):
    """What was chosen does not exist, or does not fit together."""


class Interrupted(TrainingError):
    """Somebody asked for the end; what was done is kept."""
