"""What every method of training works with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from backend.bundles.places import Bundles, workplace
from databases.places import Place
from training.progress import Progress
from training.tracking.messages import Track, untracked

if TYPE_CHECKING:
    from training.learning.run import Run

RUNS = ".runs"


@dataclass(frozen=True)
class Workshop:
    """The database, the bundles, whom to tell of progress, the run to go on with, who is to know of
    its epochs, and where the runs of all tasks lie: by default beside the bundles."""

    engine: Engine
    bundles: Bundles
    progress: Progress
    unfinished: "Run | None" = None
    track: Track = untracked
    checkpoints: Place | None = None

    @property
    def runs(self) -> Place:
        return self.checkpoints or workplace(self.bundles) / RUNS
