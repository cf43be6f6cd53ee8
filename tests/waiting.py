"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable

SECONDS = 60.0


def wait_until(holds: Callable[[], bool]) -> None:
    """Returns as soon as `holds` says so; fails after a minute."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come about within a minute"
        time.sleep(0.005)
