"""The data desk on real pictures: how fast it takes them in, what it survives, which copies it finds.

MENAGERIE_DATA=... make bench-data
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from bench import ingesting
from bench.planting import judge, pairs_of, plant
from bench.report import Row, measure
from databases import library
from databases.schema import open_for_writing
from training.duplicates.closer import by_embedding
from training.progress import Silent

RIVALS = Path(__file__).parents[1] / ".venv-rivals" / "bin" / "python"
FILES = 100_000
KILLS = 10
LEAST_PRECISION = 0.98


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    for name, bar in (("cats-dogs", 1.8), ("large", 4)):
        faster = ingesting.times_faster(data / name)
        yield Row(f"{name}: ingest, against a plain loop", faster, "x", bar, "higher")
    yield from _planted(data, temporary / "planted")
    same = ingesting.same_after_kills(data / "cats-dogs", temporary, KILLS)
    yield Row("cats-dogs: kills after which the next run ends alike", same, f"of {KILLS}", KILLS, "higher")
    changed = ingesting.changed_by_a_table(data / "big-cats", temporary)
    yield Row("big-cats: rows changed by CSV out, CSV in", changed, "", 0, "lower")
    again = ingesting.second_ingest(temporary / "many", FILES)
    yield Row(f"{FILES} unchanged files, second ingest", again.seconds, "s", 60, "lower")
    yield Row(f"{FILES} unchanged files, most memory", again.megabytes, "MB", 500, "lower")


def _planted(data: Path, folder: Path) -> Iterator[Row]:
    """What is put together of pictures and their copies, by us and by others on the same files."""
    pictures = folder / "pictures"
    paths = plant(data, pictures)
    engine = open_for_writing(f"sqlite:///{folder}/images.db")
    ingesting.take_in(engine, pictures, by_embedding(engine, folder / "bundles", Silent()))
    with Session(engine) as session:
        images = library.task_images(session, "pictures")
    engine.dispose()
    ours = judge(paths, pairs_of((image.shown, Path(str(image.place))) for image in images))
    yield Row("planted copies: recall", ours.recall, "", 0.95, "higher")
    yield Row("planted copies: precision", ours.precision, "", LEAST_PRECISION, "higher")
    for name, pairs in _rivals(pictures).items():
        found = judge(paths, pairs)
        if found.precision >= LEAST_PRECISION:  # with less, anything can be recalled
            yield Row(f"planted copies: {name}, recall", found.recall, "", ours.recall, "lower")


def _rivals(folder: Path) -> dict[str, list[tuple[Path, Path]]]:
    command = [str(RIVALS), str(Path(__file__).with_name("rivals.py")), str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    return {
        name: [(Path(one), Path(other)) for one, other in pairs] for name, pairs in json.loads(told).items()
    }


if __name__ == "__main__":
    measure("data", _rows)
