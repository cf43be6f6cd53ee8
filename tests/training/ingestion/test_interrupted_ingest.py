"""An ingest that is killed and run again ends where an undisturbed one does."""

import os
import signal
import subprocess
import zipfile
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from databases.models import Image
from databases.schema import open_for_writing
from tests.drawing import draw_class_folders, picture
from tests.training.cli.dying import dying
from tests.training.making import take_in
from training.ingestion.examining import BATCH
from training.ingestion.sources import open_source
from training.ingestion.sources.archives import ArchiveLimits, Unpacking
from training.progress import Silent

PER_LABEL = 350  # five batches
SECONDS = 240
AMID_A_BATCH = "databases.findings:forget"
AMID_A_FILE = "training.ingestion.sources.archives:Allowance.take_file"


def rows(engine: Engine) -> list[tuple[object, ...]]:
    """All that an ingest wrote of each file, but for when."""
    columns = [column for column in Image.__table__.columns if column.name != "ingested_at"]
    with Session(engine) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Image.uri))]


def ingest_and_die(source: Path, database: Path, function: str, calls: int) -> None:
    """As `dying` has it."""
    settings = {
        "DATABASE_URL": f"sqlite:///{database}",
        "MENAGERIE_BUNDLES": str(database.parent / "bundles"),
    }
    killed = subprocess.run(
        dying(function, calls, "ingest", source),
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr


def test_a_killed_ingest_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "colours", PER_LABEL)
    (folder / "green" / "copy.jpg").write_bytes((folder / "blue" / "0.jpg").read_bytes())
    (folder / "red" / "cut.jpg").write_bytes(picture("red", 7)[:-200])
    ingest_and_die(folder, tmp_path / "killed.db", AMID_A_BATCH, 4)
    engine = open_for_writing(f"sqlite:///{tmp_path / 'killed.db'}")
    written, total = len(rows(engine)), 3 * PER_LABEL + 2
    assert written == 3 * BATCH  # nothing of the fourth

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
        for number in range(400):
            file.writestr(f"{'red' if number % 2 else 'green'}/{number}.jpg", b"no picture")
    ingest_and_die(archive, tmp_path / "killed.db", AMID_A_FILE, 100)
    unpacked = tmp_path / "unpacked"
    assert len(list(unpacked.glob(".*.part/*/*"))) == 99
    assert [entry.name.startswith(".") for entry in unpacked.iterdir()] == [True]
    source = open_source(archive, Unpacking(unpacked, ArchiveLimits(), Silent()))
    assert len(source.candidates) == 400
    assert list(unpacked.iterdir()) == [Path(str(source.root))]
