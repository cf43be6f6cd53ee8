"""What an ingest takes, and what it comes to when it is killed, repeated, or read from a table."""

import hashlib
import io
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import imagehash
from PIL import Image as Pillow
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bench.trials import Place, files_of
from databases.engine import open_engine
from databases.models import Image
from databases.schema import open_for_writing
from training.duplicates.grouping import LookCloser
from training.ingestion.run import SplitPlan, ingest
from training.ingestion.sources import open_source
from training.progress import Silent

REPEATS = 5
MENAGERIE = str(Path(sys.executable).with_name("menagerie"))
ASK_FOR_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
# All that an ingest writes of a file, but for when.
COLUMNS = [column for column in Image.__table__.columns if column.name != "ingested_at"]


@dataclass(frozen=True)
class Cost:
    """Seconds, and the most memory in MB."""

    seconds: float
    megabytes: float


def take_in(engine: Engine, folder: Path, look_closer: LookCloser | None = None) -> None:
    """Ingests a folder as task `pictures`."""
    source, plan = open_source(folder), SplitPlan()
    ingest(
        engine,
        source,
        name="pictures",
        task="pictures",
        plan=plan,
        progress=Silent(),
        look_closer=look_closer,
    )


def times_faster(folder: Path) -> float:
    """How many times faster an ingest into an empty database is, look-alikes found by hash, than a loop on
    one core that decodes, hashes and hashes perceptually: the median of paired runs, files in memory's
    cache."""
    ratios = []
    for _ in range(REPEATS):
        plain = _plain_loop(folder)
        ratios.append(plain / _ingest_seconds(folder))
    return statistics.median(ratios)


def _plain_loop(folder: Path) -> float:
    begin = time.perf_counter()
    for path in files_of(folder):
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        with Pillow.open(io.BytesIO(data)) as image:
            imagehash.phash(image.convert("RGB"))
    return time.perf_counter() - begin


def _ingest_seconds(folder: Path) -> float:
    with tempfile.TemporaryDirectory() as temporary:
        engine = open_for_writing(f"sqlite:///{temporary}/images.db")
        begin = time.perf_counter()
        take_in(engine, folder)
        took = time.perf_counter() - begin
        engine.dispose()
    return took


def same_after_kills(folder: Path, temporary: Path, kills: int) -> int:
    """Kills an ingest at moments spread by chance over an unbroken one's time, runs it again, and counts how
    often that comes to the unbroken one's rows."""
    unbroken = Place(temporary / "unbroken")
    begin = time.perf_counter()
    _start(folder, unbroken).wait()
    took = time.perf_counter() - begin
    expected, same, chance = _rows(unbroken), 0, random.Random(0)
    for number in range(kills):
        place = Place(temporary / str(number))
        process = _start(folder, place)
        time.sleep(chance.uniform(0.1, 0.95) * took)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _start(folder, place).wait()
        same += _rows(place) == expected
    return same


def _command(folder: Path) -> list[str]:
    return [MENAGERIE, "ingest", str(folder), "--duplicates", "hash"]


def _start(folder: Path, place: Place) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        _command(folder),
        env=os.environ | place.settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _rows(place: Place) -> list[tuple[object, ...]]:
    engine = open_engine(place.settings["DATABASE_URL"])
    with Session(engine) as session:
        rows = [tuple(row) for row in session.execute(select(*COLUMNS).order_by(Image.uri))]
    engine.dispose()
    return rows


def changed_by_a_table(folder: Path, temporary: Path) -> int:
    """How many rows differ between a catalogue and the one that is read from its CSV."""
    first, second = temporary / "first.csv", temporary / "second.csv"
    for number, (source, table) in enumerate(((folder, first), (first, second))):
        place = Place(temporary / f"table-{number}")
        place.menagerie("ingest", str(source), "--csv", str(table), "--duplicates", "hash")
    one, other = (set(path.read_text(encoding="utf-8").splitlines()) for path in (first, second))
    return len(one ^ other)


def second_ingest(folder: Path, files: int) -> Cost:
    """What it costs to ingest so many small generated pictures again, none of which changed."""
    pictures = folder / "pictures"
    for number in range(files):
        path = pictures / str(number % 2) / f"{number // 1000:03}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.effect_noise((24, 24), 60).convert("RGB").save(path)
    place = Place(folder / "state")
    if _start(pictures, place).wait():
        raise RuntimeError("the first ingest failed")
    # A process counts what its parent holds when it starts it: so a small one starts it, and asks.
    begin = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", ASK_FOR_MEMORY, *_command(pictures)],
        env=os.environ | place.settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return Cost(time.perf_counter() - begin, int(told.stdout.split()[-1]) / 1024)
