"""Who answers comes before who computes: a refusal, or `/livez`, does not wait behind pictures."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Answer = TypeVar("Answer")
# A third of the processor beside one who has not stepped back, and all of it beside none.
NICENESS = 5


def step_back() -> None:
    """Lowers the calling thread's priority for good, where threads have one of their own (Linux)."""
    if sys.platform == "linux":
        with suppress(OSError):  # not allowed here: it is only slower under load
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def behind(work: Callable[..., Answer], *arguments: object) -> Answer:
    """What `work` comes to in a thread that steps back; so do the threads that it starts."""
    with ThreadPoolExecutor(1, initializer=step_back) as pool:
        return pool.submit(work, *arguments).result()
