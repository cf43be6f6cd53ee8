"""What is assumed rather than measured: machines to count in, and how full they may be."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """`memory` and `disk` in bytes."""

    name: str
    cores: int
    memory: float
    disk: float

    def holding(self, *, cores: float = 0, memory: float = 0, disk: float = 0) -> int:
        """How many of them there must be for so many busy cores, so much memory in use, and so much data."""
        wanted = (
            cores / (USED * self.cores),
            memory / (FILLED * self.memory),
            disk / (FILLED * self.disk),
        )
        return max(1, math.ceil(max(wanted)))


# Half of the cores' time is the most at which the service itself was tried and nobody waited long; the rest
# of the memory is the system's and the programs', of the disk it is for what a database writes anew.
USED, FILLED = 0.5, 0.7
SMALL = Machine("small", 8, 32e9, 1e12)
LARGE = Machine("large", 32, 256e9, 8e12)

RATES = (1, 10, 1_000)
GALLERIES = (10**5, 10**7, 10**9)
