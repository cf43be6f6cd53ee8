"""What processes have used of the cores so far, as Linux counts it."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# Of /proc/stat's first line: user, nice, system, irq, softirq and steal.
BUSY = (0, 1, 2, 5, 6, 7)


def tree(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            yield from tree(int(child))


def used(pid: int) -> float:
    """Seconds of a core that the threads there are of a process and its descendants have used."""
    threads = (path for one in tree(pid) for path in Path(f"/proc/{one}/task").glob("*/schedstat"))
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


def used_by_first(pid: int) -> float:
    """Seconds of a core that a process's first thread has used."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def used_with_ended(pid: int) -> float:
    """The same with what ended threads and children used that were waited for, in steps of 10 ms."""
    return sum(_of(one) for one in tree(pid))


def _of(pid: int) -> float:
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(told[field]) for field in (11, 12, 13, 14)) / TICKS


def busy() -> float:
    """Seconds of a core that all programs of the machine have used."""
    told = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=11)[1:11]
    return sum(int(told[field]) for field in BUSY) / TICKS
