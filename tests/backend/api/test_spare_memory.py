"""What was freed goes back to the system."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.api import server, spare_memory
from backend.api.settings import Settings
from backend.api.spare_memory import SpareMemory, share_one_heap
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
import ctypes, os, subprocess, sys, threading
from backend.api.spare_memory import share_one_heap
malloc = ctypes.CDLL(None).malloc
malloc.argtypes, malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
blocks = []
def allocate():
    blocks.append(malloc(100_000))
how = sys.argv[1]
if how in ("here", "in what it starts"):
    share_one_heap()
if how == "in what it starts":
    sys.exit(subprocess.run([sys.executable, *sys.orig_argv[1:-1], "as it is"]).returncode)
for _ in range(2):
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
heap = next(line for line in open("/proc/self/maps") if "[heap]" in line)
begin, end = (int(part, 16) for part in heap.split()[0].split("-"))
print([begin <= block < end for block in blocks])
"""


@pytest.mark.parametrize(
    ("how", "shared"), [("here", True), ("in what it starts", True), ("as it is", False)]
)
def test_threads_allocate_from_the_first_heap(how: str, shared: bool) -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("the C library is not glibc")
    told = subprocess.run(
        [sys.executable, "-c", THREADS_BLOCK, how],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if name != spare_memory.VARIABLE},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str([shared, shared])


def test_the_server_sees_to_that_before_it_starts_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    class Supervised:
        failed = False

        def __init__(self, _: object) -> None:
            done.append("supervisor")

        def run(self) -> None:
            done.append("run")

    monkeypatch.setattr(server, "Supervisor", Supervised)
    for name in ("share_one_heap", "_check"):
        monkeypatch.setattr(server, name, lambda *_, name=name: done.append(name))
    server.serve(Settings(workers=2))
    assert done == ["share_one_heap", "_check", "supervisor", "run"]


def test_who_runs_the_service_may_say_how_many_heaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(spare_memory.VARIABLE, "4")
    monkeypatch.setattr(ctypes, "CDLL", None)
    share_one_heap()
    assert os.environ[spare_memory.VARIABLE] == "4"


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
    asked = "import threading; from backend.api.server import worker; worker(); print(threading.enumerate())"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=PROJECT,
        env=os.environ | environment(small_library, free_port()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "spare memory" in told.stdout
