"""A copy of a whole database; what it holds is tried where it is put back."""

import os
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest

from databases.copying import copy_to_file
from tests.waiting import wait_until

LARGE = 100_000_000  # bytes


class Ended(BaseException):
    """By a signal."""


def end(_: int, __: FrameType | None) -> None:
    raise Ended


def test_a_signal_ends_the_copy_of_a_large_database_at_once(tmp_path: Path) -> None:
    source, copy = tmp_path / "images.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("CREATE TABLE t AS SELECT zeroblob(?) AS x", (LARGE,))

    def send() -> None:
        wait_until(copy.exists)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, end)
    sender = threading.Thread(target=send)
    try:
        sender.start()
        with pytest.raises(Ended):
            copy_to_file(f"sqlite:///{source}", copy)
        sender.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert copy.stat().st_size < LARGE
