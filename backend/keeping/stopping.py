"""Whoever ends a backup or a restore lets it clean up first."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Stopped(SystemExit):
    """A signal ended the process; the exit code tells of it as shells do."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)


@contextmanager
def cleaning_up() -> Iterator[None]:
    """What ends a process raises Stopped in the block, so that what is half done is taken back; another one
    does not break that off. When that is through, a sentence tells of it.

    The first process of a container would not even hear of SIGTERM, and be killed some seconds later.
    """
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    except Stopped as stopped:
        told = f"error: ended by {stopped.signal.name}; what was half done was taken back\n"
        with suppress(OSError):  # where a terminal is closed, nobody reads it
            sys.stderr.write(told)
            sys.stderr.flush()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)
