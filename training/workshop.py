"""What every method of training works with."""

from dataclasses import dataclass

from sqlalchemy import Engine

from backend.bundles.places import Bundles
from training.progress import Progress
from training.tracking.messages import Track, untracked


@dataclass(frozen=True)
class Workshop:
    """The database, the bundles, whom to tell of progress, whether to go on with an unfinished run,
    and who is to know of its epochs."""

    engine: Engine
    bundles: Bundles
    progress: Progress
    resume: bool = False
    track: Track = untracked
