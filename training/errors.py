"""What can go wrong offline, said so that a person knows what to do next."""


class TrainingError(Exception):
    """The root of this room's errors."""


class NoPictures(TrainingError):
    """There is nothing to work on."""


class BadSource(TrainingError):
    """What was named is no folder or table of pictures."""


class BadArchive(BadSource):
    """An archive is damaged, too large, or tries to reach out of the folder it is unpacked into."""


class DownloadFailed(TrainingError):
    """A file cannot be fetched, or is not the one that was meant."""


class BadFiles(TrainingError):
    """Some files are no usable pictures, where all were to be."""


class BadExport(TrainingError):
    """The exported network answers otherwise than the one that was trained."""


class NotPromoted(TrainingError):
    """A bundle is not good enough to become the champion."""


class WeightsUnavailable(TrainingError):
    """Pretrained weights cannot be had, or are of another network."""


class BadRecipe(TrainingError):
    """What was chosen does not exist, or does not fit together."""


class Diverged(TrainingError):
    """A training's loss grew beyond all numbers, and nothing that it came to before is of any use."""


class TakenOver(TrainingError):
    """Another process goes on with the same training."""


class ClusterUnavailable(TrainingError):
    """There is no cluster to work on, or none any more; what was done is kept."""


class Interrupted(TrainingError):
    """Somebody asked for the end; what was done is kept."""
