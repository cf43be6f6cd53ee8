"""What is done again and again behind the answers' backs."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

# What is begun may hang where a database does: the service ends without it then.
END_SECONDS = 5.0


class Repeated:
    """Does `work` from a thread of its own, with a pause of so many `seconds` before each time. What fails in
    an unforeseen way is told in the log, and the next time is not missed."""

    def __init__(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        self._seconds = seconds
        self._work = work
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Returns when it is over, or in a moment where that takes long."""
        self._ended.set()
        self._thread.join(END_SECONDS)

    def _repeat(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._work()
            except Exception:
                log.exception("the %s fails, and goes on", self._thread.name)
