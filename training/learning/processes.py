"""How many processes train together: one, or as many as torchrun started."""

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Processes:
    """`rank`: this one's number of `all`, 0 for the first, which alone writes results; `local`: those on this
    machine."""

    rank: int = 0
    all: int = 1
    local: int = 1

    @classmethod
    def of_environment(cls) -> "Processes":
        """What torchrun says in its environment variables."""
        names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
        if any(name not in os.environ for name in names):
            return cls()
        return cls(*(int(os.environ[name]) for name in names))

    @property
    def first(self) -> bool:
        return self.rank == 0

    @property
    def nodes(self) -> int:
        return self.all // self.local

    @property
    def strategy(self) -> Any:
        """Lightning's: distributed data parallel where there are several."""
        if self.all == 1:
            return "auto"
        from lightning.pytorch.strategies import DDPStrategy

        return DDPStrategy()
