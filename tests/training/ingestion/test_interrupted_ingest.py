"""An ingest that is killed and run again ends where an undisturbed one does."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from databases.models import Image
from databases.schema import open_for_writing
from tests.drawing import draw_class_folders, picture
from tests.training.making import take_in
from training.ingestion.examining import BATCH
from training.ingestion.sources import open_source
from training.ingestion.sources.archives import ArchiveLimits, Unpacking
from training.progress import Silent

PER_LABEL = 700  # nine batches: time enough to be killed between the first and the last
SECONDS = 60


def rows(engine: Engine) -> list[tuple[object, ...]]:
    """All that an ingest wrote of each file, but for when."""
    columns = [column for column in Image.__table__.columns if column.name != "ingested_at"]
    with Session(engine) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Image.uri))]


def wait_for_a_batch(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.execute(text("SELECT count(*) FROM images")).scalar_one() >= BATCH:
                return
        assert process.poll() is None, "the ingest ended by itself"
        time.sleep(0.005)
    raise AssertionError("no batch was written")


def test_a_killed_ingest_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "colours", PER_LABEL)
    (folder / "green" / "copy.jpg").write_bytes((folder / "blue" / "0.jpg").read_bytes())
    (folder / "red" / "cut.jpg").write_bytes(picture("red", 7)[:-200])
    url = f"sqlite:///{tmp_path / 'killed.db'}"
    engine = open_for_writing(url)
    process = subprocess.Popen(
        [sys.executable, "-m", "training.cli.main", "ingest", str(folder)],
        env=os.environ | {"DATABASE_URL": url, "MENAGERIE_BUNDLES": str(tmp_path / "bundles")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_a_batch(engine, process)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    written, total = len(rows(engine)), 3 * PER_LABEL + 2
    assert written % BATCH == 0  # whole batches or none
    assert written < total

    report = take_in(engine, folder)
    assert (report.unchanged, report.added) == (written, total - written)
    undisturbed = open_for_writing(f"sqlite:///{tmp_path / 'undisturbed.db'}")
    take_in(undisturbed, folder)
    assert rows(engine) == rows(undisturbed)
    assert len(rows(engine)) == total
    for one in (engine, undisturbed):
        one.dispose()


def test_an_ingest_killed_while_it_unpacks_leaves_nothing_that_is_trusted(tmp_path: Path) -> None:
    archive = tmp_path / "colours.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(4_000):
            file.writestr(f"{'red' if number % 2 else 'green'}/{number}.jpg", b"no picture")
    url = f"sqlite:///{tmp_path / 'killed.db'}"
    command = [sys.executable, "-m", "training.cli.main", "ingest", str(archive)]
    unpacked = tmp_path / "unpacked"
    process = subprocess.Popen(
        command, env=os.environ | {"DATABASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + SECONDS
        while not list(unpacked.glob(".*.part/*/*")):
            assert process.poll() is None, "the ingest ended by itself"
            assert time.monotonic() < deadline, "nothing was unpacked"
            time.sleep(0.001)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    assert [entry.name.startswith(".") for entry in unpacked.iterdir()] == [True]
    source = open_source(archive, Unpacking(unpacked, ArchiveLimits(), Silent()))
    assert len(source.candidates) == 4_000
    assert list(unpacked.iterdir()) == [Path(str(source.root))]
