"""Who works on a search, as the process that starts it sees them; here, the processes of this machine."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from backend.inference.cpu import available_cpus
from training.errors import TrainingError
from training.tuning.plan import Plan
from training.tuning.prepared import Prepared
from training.tuning.worker import work

# What PyTorch, OpenMP and the libraries of linear algebra take their number of threads from.
THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Death:
    """Of a worker, which its trial calls `worker`. `again`: the trial had no part in it."""

    worker: str
    reason: str
    again: bool


class Team(Protocol):
    """Workers, each at one trial at a time."""

    @property
    def busy(self) -> bool:
        """Whether anyone works, or is to."""
        ...

    @property
    def hopeless(self) -> bool:
        """Whether too many died for anyone to go on."""
        ...

    def wait(self, seconds: float) -> list[Death]:
        """Waits until somebody ends, or for so many seconds; returns who died.

        Raises:
            TrainingError: somebody met what a person has to mend.
        """
        ...


# So many workers, until the block ends.
Hire = Callable[[Plan, Prepared, int], AbstractContextManager[Team]]


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


class Processes:
    """A team of processes that each do one trial after the other."""

    def __init__(self, members: list[Member]) -> None:
        self._members, self._running = members, list(members)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    @property
    def hopeless(self) -> bool:
        return all(member.process.exitcode for member in self._members)

    def wait(self, seconds: float) -> list[Death]:
        wait([member.process.sentinel for member in self._running], seconds)
        ended = [member for member in self._running if not member.process.is_alive()]
        self._running = [member for member in self._running if member not in ended]
        return [_death(member) for member in ended if member.process.exitcode]


@contextmanager
def processes(plan: Plan, prepared: Prepared, jobs: int) -> Iterator[Processes]:
    """So many processes at work, each with its share of the cores; killed where they outlast the block."""
    members: list[Member] = []
    try:
        with _as_children_find_it(max(1, available_cpus() // jobs)):
            members.extend(_start(plan, prepared, number) for number in range(jobs))
        yield Processes(members)
    finally:
        for member in members:
            member.process.kill()  # what they are at can be gone on with, so there is nothing to wait for
        for member in members:
            member.process.join()


def _death(member: Member) -> Death:
    if last_words := member.last_words:
        raise TrainingError(last_words)
    # Its trial may well have killed it, by taking more memory than there is.
    return Death(member.name, f"exit code {member.process.exitcode}", again=False)


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
