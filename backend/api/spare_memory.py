"""Memory in which nothing lies any more goes back to the system, while the service goes on."""

import ctypes
import os
import time
from collections.abc import Callable

from backend.api.repeated import Repeated

M_ARENA_MAX, VARIABLE = -8, "MALLOC_ARENA_MAX"  # mallopt(3), malloc.h
TRIM_SECONDS = 10.0
BUSY_SECONDS = 0.5  # of the processor since the last time: whoever did less can have left little


def share_one_heap() -> None:
    """Has all threads allocate from the process's first heap, and those of the processes that it starts.

    Of other heaps `malloc_trim` leaves the free end, and `free` does as well, up to a threshold that large
    blocks raise to 64 MB (mallopt(3), M_MMAP_THRESHOLD): a model that was loaded to be checked left 35 MB and
    more in each. It is to be called before any thread has allocated: the heaps that there are would be shared
    out too. MALLOC_ARENA_MAX in the environment says otherwise. Where the C library is no glibc, nothing is
    done.
    """
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = "1"
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    mallopt(M_ARENA_MAX, 1)


class SpareMemory:
    """Gives back what glibc keeps of what was freed, once the process has done something again.

    A picture that is freed leaves a hole below what still is in use; by itself glibc gives back no more than
    the end of a heap (malloc_trim(3)). Where the C library is another one, nothing is done.
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
