"""Nobody says goodbye to a page: what is kept for its visitors goes once they looked at it long ago."""

import threading
import time
from collections.abc import Callable

SHORTEST_SLEEP = 0.05  # seconds


class Sweeper:
    """A thread that forgets what is due, for as long as anything is kept.

    `forget_due` is called under `lock`; it tells when the next is due, as `time.monotonic` does, and None
    once nothing is kept. `name`: the thread's.
    """

    def __init__(self, lock: threading.Lock, forget_due: Callable[[], float | None], name: str) -> None:
        self._lock = lock
        self._forget_due = forget_due
        self._name = name
        self._at_work = False
        self._closed = threading.Event()

    def wake(self) -> None:
        """Something is kept. To be called under the lock."""
        if not self._at_work:
            self._at_work = True
            threading.Thread(target=self._sweep, daemon=True, name=self._name).start()

    def close(self) -> None:
        self._closed.set()

    def _sweep(self) -> None:
        while True:
            with self._lock:
                due = self._forget_due()
                if due is None:
                    self._at_work = False
                    return
            if self._closed.wait(max(due - time.monotonic(), SHORTEST_SLEEP)):
                return
