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
from tests.waiting import SECONDS, wait_until

ROWS, ROW = 30_000, 10_000  # bytes; many rows, since SQLite hears that it is to end between two of them
LARGE_TABLE = """
CREATE TABLE t AS
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT zeroblob(?) AS x FROM n
"""


class Ended(BaseException):
    """By a signal."""


def end(_: int, __: FrameType | None) -> None:
    raise Ended


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "images.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(LARGE_TABLE, (ROWS, ROW))
    return file


def test_a_signal_ends_the_copy_of_a_large_database_at_once(large: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"

    def send() -> None:
        wait_until(copy.exists)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, end)
    sender = threading.Thread(target=send)
    try:
        sender.start()
        with pytest.raises(Ended):
            copy_to_file(f"sqlite:///{large}", copy)
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)
    assert copy.stat().st_size < ROWS * ROW


def test_a_signal_amid_the_start_of_the_copy_closes_nothing_that_is_at_work(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, started = tmp_path / "copy.db", list[threading.Thread]()
    start = threading.Thread.start

    def start_and_end(thread: threading.Thread) -> None:
        start(thread)
        started.append(thread)
        wait_until(copy.exists)
        raise Ended

    monkeypatch.setattr(threading.Thread, "start", start_and_end)
    with pytest.raises(Ended):
        copy_to_file(f"sqlite:///{large}", copy)
    started[0].join(SECONDS)
    assert not started[0].is_alive()
    assert copy.stat().st_size < ROWS * ROW
