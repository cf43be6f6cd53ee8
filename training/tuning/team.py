"""The processes of a search, as the one that starts them sees them."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from backend.inference.cpu import available_cpus
from training.tuning.plan import Plan
from training.tuning.prepared import Prepared
from training.tuning.worker import work

# What PyTorch, OpenMP and the libraries of linear algebra take their number of threads from.
THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Member:
    """A process; `name`: what its trials call it."""

    name: str
    process: BaseProcess
    errors: Connection

    @property
    def last_words(self) -> str | None:
        """The error that it ended with, if it was a foreseen one."""
        try:
            return str(self.errors.recv()) if self.errors.poll() else None
        except EOFError:
            return None


@contextmanager
def team(plan: Plan, prepared: Prepared, jobs: int) -> Iterator[list[Member]]:
    """So many processes at work, each with its share of the cores; killed where they outlast the block."""
    members: list[Member] = []
    try:
        with _as_children_find_it(max(1, available_cpus() // jobs)):
            members.extend(_start(plan, prepared, number) for number in range(jobs))
        yield members
    finally:
        for member in members:
            member.process.kill()  # what they are at can be gone on with, so there is nothing to wait for
        for member in members:
            member.process.join()


def _start(plan: Plan, prepared: Prepared, number: int) -> Member:
    # Started anew rather than forked: the threads of PyTorch do not survive a fork.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(plan, prepared, number, theirs))
    process.start()
    theirs.close()
    return Member(f"{prepared.folder.name}/{number}", process, ours)


@contextmanager
def _as_children_find_it(threads: int) -> Iterator[None]:
    """Ctrl-C reaches the whole terminal: the children ignore it, and are ended by this process."""
    before = os.environ.get(THREADS)
    os.environ.setdefault(THREADS, str(threads))
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if before is None:
            del os.environ[THREADS]
