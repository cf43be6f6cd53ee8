"""What every method of training works with."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from training.progress import Progress
from training.tracking.messages import Track, untracked


@dataclass(frozen=True)
class Workshop:
    """The database, the folder of bundles, whom to tell of progress, whether to go on with an unfinished run,
    and who is to know of its epochs."""

    engine: Engine
    bundles: Path
    progress: Progress
    resume: bool = False
    track: Track = untracked
