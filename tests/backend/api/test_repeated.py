"""What is done again and again, and what stands in its way."""

import threading
import time
from itertools import count

import pytest

from backend.api import repeated
from backend.api.repeated import Repeated


def test_what_fails_is_told_and_done_again(caplog: pytest.LogCaptureFixture) -> None:
    done, numbers = threading.Event(), count()

    def work() -> None:
        if next(numbers) == 0:
            raise RuntimeError("unheard of")
        done.set()

    often = Repeated("sweeper", 0.01, work)
    often.start()
    assert done.wait(20)
    often.end()
    assert "the sweeper fails, and goes on" in caplog.text
    assert "unheard of" in caplog.text


def test_what_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated, "END_SECONDS", 0.1)
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(60)

    hanging = Repeated("sweeper", 0.01, work)
    hanging.start()
    assert begun.wait(20)
    began = time.monotonic()
    hanging.end()
    assert time.monotonic() - began < 30
    go.set()
