"""How fast the answers given can be written down, and what room they take."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.api.recorder import BATCH
from bench.report import Row
from bench.similar.servers import postgresql
from bench.sizing.figure import figure
from databases.models import now
from databases.predictions import NewPrediction, record_predictions
from databases.schema import open_for_writing

ROWS, ALONE = 20_000, 200


def rows(temporary: Path) -> Iterator[Row]:
    sqlite = temporary / "written" / "images.db"
    yield from _rows("SQLite", f"sqlite:///{sqlite}", sqlite)
    with postgresql(temporary / "postgresql-written") as url:
        yield from _rows("PostgreSQL", url, None)


def _rows(name: str, url: str, file: Path | None) -> Iterator[Row]:
    engine = open_for_writing(url)
    empty = _bytes(engine, file)
    yield figure(f"{name}: predictions written, {BATCH} a transaction", _rate(engine, ROWS, BATCH), "/s")
    full = _bytes(engine, file)
    yield figure(f"{name}: a prediction's row and its indices", (full - empty) / ROWS, "bytes")
    yield figure(f"{name}: predictions written, one a transaction", _rate(engine, ALONE, 1), "/s")
    engine.dispose()


def _rate(engine: Engine, count: int, at_once: int) -> float:
    """Rows a second, by one writer."""
    begin = time.perf_counter()
    for start in range(0, count, at_once):
        batch = [_prediction(f"{at_once}-{number}") for number in range(start, start + at_once)]
        with Session(engine) as session, session.begin():
            record_predictions(session, batch)
    return count / (time.perf_counter() - begin)


def _prediction(name: str) -> NewPrediction:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return NewPrediction(
        id=digest[:32],
        sha256=digest,
        model_version="starter-1",
        label="tiger cat",
        score=0.9,
        verdict="confident",
        latency_ms=20.0,
        created_at=now(),
    )


def _bytes(engine: Engine, file: Path | None) -> int:
    """Of an SQLite database's file, or of a PostgreSQL's tables, with all that was written in it."""
    with engine.connect() as connection:
        if file is None:
            size = text("SELECT pg_total_relation_size('predictions')")
            return int(connection.scalar(size) or 0)
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size
