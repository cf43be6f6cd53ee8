"""How many processes train together: one, or as many as torchrun started."""

import os
from dataclasses import dataclass
from typing import Any

# What torchrun calls every job of several machines that --rdzv-id gave no name.
NAMELESS = "none"
# Set to 1 for torchrun itself, each restart gets a new store by which processes find one another. Otherwise
# they may find the addresses of those before, and wait for them in vain (pytorch/pytorch issue 135712).
FRESH_STORE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"


@dataclass(frozen=True)
class Processes:
    """`rank`: this one's number of `all`, 0 for the first, which alone writes results; `local`: those on this
    machine. `job`: by what torchrun's restarts and its other machines know that they belong together; None
    where nothing says so. `restarts`: how often torchrun started all of them anew because one had died, of
    `most_restarts`."""

    rank: int = 0
    all: int = 1
    local: int = 1
    job: str | None = None
    restarts: int = 0
    most_restarts: int = 0

    @classmethod
    def of_environment(cls) -> "Processes":
        """What torchrun says in its environment variables."""
        names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
        if any(name not in os.environ for name in names):
            return cls()
        rank, everywhere, here = (int(os.environ[name]) for name in names)
        job = os.environ.get("TORCHELASTIC_RUN_ID")
        restarts = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
        return cls(rank, everywhere, here, None if job == NAMELESS else job, restarts, _most_restarts())

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


def restarts_in_vain() -> bool:
    """Whether torchrun starts processes anew, but lets them find the addresses of those before."""
    return _most_restarts() > 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def _most_restarts() -> int:
    return int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"))
