"""What was freed goes back to the system."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.api import spare_memory
from backend.api.spare_memory import SpareMemory
from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.backend.api.test_process import environment
from tests.processes import free_port
from tests.waiting import wait_until

PIECES, PIECE, KEPT_OF = 2000, 50_000, 20  # bytes, of a size that lies in a heap; each 20th stays in use
PAGE = 4096


def resident() -> int:
    """Bytes."""
    return PAGE * int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])


def work() -> None:
    """As much as makes it worth while."""
    begun = time.process_time()
    while time.process_time() - begun < spare_memory.BUSY_SECONDS:
        pass


def test_what_was_freed_between_what_is_in_use_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("the C library is not glibc")
    monkeypatch.setattr(spare_memory, "TRIM_SECONDS", 0.01)
    pieces = [b"x" * PIECE for _ in range(PIECES)]
    kept = pieces[::KEPT_OF]
    del pieces
    before = resident()
    spare = SpareMemory()
    spare.start()
    work()
    wait_until(lambda: before - resident() > PIECES * PIECE / 2)
    spare.end()
    assert all(piece == b"x" * PIECE for piece in kept)


THREADS_BLOCK = """
import ctypes, sys, threading
from backend.api.spare_memory import share_one_heap
if "shared" in sys.argv and not share_one_heap():
    sys.exit("unknown here")
malloc = ctypes.CDLL(None).malloc
malloc.argtypes, malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
blocks = []
thread = threading.Thread(target=lambda: blocks.append(malloc(100_000)))
thread.start()
thread.join()
heap = next(line for line in open("/proc/self/maps") if "[heap]" in line)
begin, end = (int(part, 16) for part in heap.split()[0].split("-"))
print(begin <= blocks[0] < end)
"""


@pytest.mark.parametrize("shared", [True, False])
def test_threads_allocate_from_the_first_heap(shared: bool) -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("the C library is not glibc")
    command = [sys.executable, "-c", THREADS_BLOCK, *(["shared"] if shared else [])]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(shared)]


def test_it_is_given_back_once_for_what_was_done() -> None:
    times: list[None] = []
    spare = SpareMemory(lambda: times.append(None))
    spare.give_back()
    assert len(times) == 0
    work()
    spare.give_back()
    spare.give_back()
    assert len(times) == 1


def test_each_process_that_serves_does_so(small_library: Library) -> None:
    asked = """
import threading
from backend.api import server
shared = []
server.share_one_heap = lambda: shared.append(threading.active_count())
server.worker()
print(threading.enumerate(), "one heap" if shared else "")
"""
    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=PROJECT,
        env=os.environ | environment(small_library, free_port()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "spare memory" in told.stdout
    assert "one heap" in told.stdout
