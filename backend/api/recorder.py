"""What was asked and answered, written behind the answers' backs."""

import logging
import queue
import threading
import time

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from backend.api.metrics import Metrics
from databases import predictions
from databases.models import Prediction
from databases.predictions import NewPrediction

log = logging.getLogger(__name__)

CAPACITY = 10_000  # predictions that wait to be written: 13 MB
BATCH = 500
GATHER_SECONDS = 0.2  # a transaction costs as much as many rows: some are waited for
RETRY_SECONDS = 1.0
TELL_SECONDS = 60.0
END_SECONDS = 15.0  # for what waits as the service ends: longer than SQLite waits for others
FAILS = (OperationalError, InterfaceError, PoolTimeout)  # of the database, not of what is written


class Recorder:
    """Writes predictions in batches, from one thread. While the database fails they wait; those for which
    there is no room are counted in `dropped`, and the log tells of them. `failure`: why none could be written
    when that was tried last; None where it could."""

    def __init__(self, engine: Engine, metrics: Metrics, capacity: int = CAPACITY) -> None:
        self.dropped = 0
        self.failure: SQLAlchemyError | None = None
        self._engine = engine
        self._metrics = metrics
        self._capacity = capacity
        self._waiting: queue.SimpleQueue[NewPrediction | None] = queue.SimpleQueue()
        self._unwritten: set[str] = set()
        self._told_at = -TELL_SECONDS
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, prediction: NewPrediction) -> None:
        """Returns at once."""
        if self._waiting.qsize() < self._capacity:
            self._unwritten.add(prediction.id)
            self._waiting.put(prediction)
        else:
            self._drop(1, "too many wait to be written")

    def waits(self, prediction_id: str) -> bool:
        """Whether it was answered here, and is still to be written."""
        return prediction_id in self._unwritten

    def end(self) -> None:
        """Writes what waits, unless the database fails or hangs, and stops."""
        self._waiting.put(None)
        self._ended.set()
        self._thread.join(END_SECONDS)
        if left := len(self._unwritten):
            self._count_dropped(left)
            log.warning("predictions not recorded as the service ended: %d", left)
        self._engine.dispose()

    def _write_all(self) -> None:
        while batch := self._next_batch():
            while batch := self._write(batch):
                if self._ended.wait(RETRY_SECONDS):
                    return
            self._note(None)

    def _next_batch(self) -> list[NewPrediction]:
        """At least one, and what comes soon after it; none when all is over."""
        batch: list[NewPrediction] = []
        while len(batch) < BATCH and not (batch and self._waiting.empty()):
            prediction = self._waiting.get()
            if not batch:
                self._ended.wait(GATHER_SECONDS)
            if prediction is None:
                if batch:
                    self._waiting.put(None)  # for the next time
                break
            batch.append(prediction)
        return batch

    def _write(self, batch: list[NewPrediction]) -> list[NewPrediction]:
        """Returns what is left, where the database fails and may answer later."""
        try:
            with Session(self._engine) as session, session.begin():
                predictions.record_predictions(session, batch)
        except FAILS as error:
            return self._left(batch, error)
        except Exception:  # noqa: BLE001  whatever is wrong with one, the others are written
            return self._write_each(batch)
        self._unwritten.difference_update(prediction.id for prediction in batch)
        return []

    def _write_each(self, batch: list[NewPrediction]) -> list[NewPrediction]:
        """As `_write`, where one may be what the others could not be written for, or be there already."""
        for place, prediction in enumerate(batch):
            try:
                with Session(self._engine) as session, session.begin():
                    if session.get(Prediction, prediction.id) is None:
                        predictions.record_predictions(session, [prediction])
            except FAILS as error:
                return self._left(batch[place:], error)
            except Exception as error:  # noqa: BLE001  as above
                self._drop(1, str(error).partition("\n")[0])
            self._unwritten.discard(prediction.id)
        return []

    def _left(self, batch: list[NewPrediction], error: SQLAlchemyError) -> list[NewPrediction]:
        self._note(error)
        self._tell(
            "predictions that could not be written yet: %d (%s)", len(batch), str(error).partition("\n")[0]
        )
        return batch

    def _note(self, failure: SQLAlchemyError | None) -> None:
        self.failure = failure
        self._metrics.recording(fails=failure is not None)

    def _drop(self, count: int, reason: str) -> None:
        self._count_dropped(count)
        self._tell("predictions not recorded so far: %d (%s)", self.dropped, reason)

    def _count_dropped(self, count: int) -> None:
        self.dropped += count
        self._metrics.drop(count)

    def _tell(self, message: str, *values: object) -> None:
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            log.warning(message, *values)
