"""What was answered is recorded in batches; nothing is lost without being counted."""

import logging
import sqlite3
import time

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from backend.api import recorder
from backend.api.metrics import Metrics
from backend.api.recorder import Recorder
from databases import engine as databases_engine
from databases.engine import open_engine
from databases.models import Prediction, now
from databases.predictions import NewPrediction
from tests.waiting import SECONDS, wait_until


def prediction(number: int) -> NewPrediction:
    return NewPrediction(
        id=f"{number:032}",
        sha256="0" * 64,
        model_version="colours-1",
        label="red",
        score=0.9,
        verdict="confident",
        latency_ms=1.0,
        created_at=now(),
    )


def recorded(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Prediction)) or 0


@pytest.fixture
def failing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A database that takes no predictions until their table has its name back."""
    monkeypatch.setattr(recorder, "RETRY_SECONDS", 0.01)
    rename(engine, "predictions", "gone")
    return engine


def rename(engine: Engine, old: str, new: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_all_that_waits_is_written_at_the_end(engine: Engine) -> None:
    kept = Recorder(engine, Metrics())
    for number in range(1200):
        kept.add(prediction(number))
    kept.start()
    kept.end()
    assert (recorded(engine), kept.dropped) == (1200, 0)


def test_what_the_database_refuses_is_written_when_it_answers_again(
    failing: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    kept = Recorder(failing, metrics)
    kept.start()
    kept.add(prediction(1))
    kept.add(prediction(2))
    wait_until(lambda: caplog.messages != [])
    assert caplog.messages[0].endswith("no such table: predictions)")  # and nothing of what is recorded
    assert b"menagerie_recording_fails 1.0" in metrics.as_text()
    rename(failing, "gone", "predictions")
    wait_until(lambda: recorded(failing) == 2)
    kept.end()
    assert b"menagerie_recording_fails 0.0" in metrics.as_text()
    assert kept.dropped == 0


def test_one_that_cannot_be_written_holds_nothing_up(engine: Engine) -> None:
    kept = Recorder(engine, Metrics())
    kept.start()
    kept.add(prediction(1))
    wait_until(lambda: recorded(engine) == 1)
    foul = prediction(2)._replace(label=None)  # type: ignore[arg-type]
    for one in (prediction(1), foul, *(prediction(number) for number in range(3, 50))):
        kept.add(one)
    kept.end()
    assert (recorded(engine), kept.dropped) == (48, 1)


def test_one_that_no_driver_takes_does_not_end_the_recording(engine: Engine) -> None:
    kept = Recorder(engine, Metrics())
    kept.start()
    kept.add(prediction(1)._replace(label="\ud800"))  # half of a character
    kept.add(prediction(2))
    wait_until(lambda: recorded(engine) == 1)
    kept.add(prediction(3))
    wait_until(lambda: recorded(engine) == 2)
    kept.end()
    assert kept.dropped == 1


def test_a_database_that_fails_between_single_ones_loses_none(failing: Engine) -> None:
    rename(failing, "gone", "predictions")
    kept = Recorder(failing, Metrics())
    kept.start()
    kept.add(prediction(1))
    wait_until(lambda: recorded(failing) == 1)
    batch = [prediction(1), prediction(2), prediction(3)]  # the first is there already
    rename(failing, "predictions", "gone")
    assert kept._write_each(batch) == batch
    rename(failing, "gone", "predictions")
    assert kept._write_each(batch) == []
    kept.end()
    assert (recorded(failing), kept.dropped) == (3, 0)


def test_a_database_that_hangs_does_not_keep_the_service_from_ending(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "END_SECONDS", 0.1)
    monkeypatch.setattr(databases_engine, "BUSY_TIMEOUT_MS", 3000 * SECONDS)
    kept = Recorder(open_engine(str(engine.url)), Metrics())
    kept.start()
    with sqlite3.connect(str(engine.url.database), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        kept.add(prediction(1))
        kept.add(prediction(2))
        began = time.monotonic()
        kept.end()
        assert time.monotonic() - began < SECONDS
        assert kept.dropped == 2
        other.execute("ROLLBACK")
    other.close()
    assert "predictions not recorded as the service ended: 2" in caplog.text


def test_what_finds_no_room_is_counted_and_told_of(failing: Engine, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    kept = Recorder(failing, metrics, capacity=3)
    for number in range(5):
        kept.add(prediction(number))
    assert kept.dropped == 2
    kept.start()
    kept.end()
    assert kept.dropped == 5
    assert b"menagerie_predictions_dropped_total 5.0" in metrics.as_text()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == [
        "predictions not recorded so far: 1 (too many wait to be written)",  # once a minute
        "predictions not recorded as the service ended: 3",
    ]
    rename(failing, "gone", "predictions")
    assert recorded(failing) == 0
