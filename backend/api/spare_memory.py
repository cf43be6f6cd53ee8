"""Memory in which nothing lies any more goes back to the system, while the service goes on."""

import ctypes
import time
from collections.abc import Callable

from backend.api.repeated import Repeated

_ARENA_MAX = -8  # mallopt(3): M_ARENA_MAX
TRIM_SECONDS = 10.0
BUSY_SECONDS = 0.5  # of the processor since the last time: whoever did less can have left little


def share_one_heap() -> bool:
    """Has all threads that are yet to start allocate from the process's first heap (malloc(3): arenas).

    Of the heaps that threads have else, the free end is never given back, not by `malloc_trim` either: what a
    model left there that was loaded to be checked, 35 MB and more each. Says whether the C library knows how.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(mallopt(_ARENA_MAX, 1))


class SpareMemory:
    """Gives back what glibc keeps of what was freed, once the process has done something again.

    A picture that is freed leaves a hole below what still is in use; glibc gives back the end of a heap alone
    by itself (malloc(3), malloc_trim(3)). Where the C library is another one, nothing is done.
    """

    def __init__(self, trim: Callable[[], object] | None = None) -> None:
        self._trim = trim or _trimmer()
        self._busy = time.process_time()
        self._trimming = Repeated("spare memory", TRIM_SECONDS, self.give_back)

    def start(self) -> None:
        self._trimming.start()

    def end(self) -> None:
        """For who goes on without it; a process that ends has no need to."""
        self._trimming.end()

    def give_back(self) -> None:
        """Does it at once, unless too little was done for that."""
        if time.process_time() - self._busy < BUSY_SECONDS:
            return
        self._trim()
        self._busy = time.process_time()


def _trimmer() -> Callable[[], object]:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return lambda: None
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return lambda: trim(0)
