"""What every method of training works with."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from training.progress import Progress


@dataclass(frozen=True)
class Workshop:
    """The database, the folder of bundles, whom to tell of progress, and whether to go on with an unfinished
    run."""

    engine: Engine
    bundles: Path
    progress: Progress
    resume: bool = False
