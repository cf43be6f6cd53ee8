"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable

SECONDS = 60.0


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Returns as soon as `holds` says so; fails after so many seconds, by default a minute."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come about within {seconds:.0f} seconds"
        time.sleep(0.005)
