"""Whoever ends a backup or a restore lets it clean up first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@contextmanager
def cleaning_up() -> Iterator[None]:
    """What ends a process raises SystemExit in the block, so that what is half done is taken back; another
    one does not break that off.

    The first process of a container would not even hear of SIGTERM, and be killed some seconds later.
    """
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)  # as a shell tells of it
