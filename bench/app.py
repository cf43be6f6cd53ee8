"""The page as its visitors have it: how soon answers and rooms are there, what hundreds of uploads leave.

MENAGERIE_DATA=... make bench-app
"""

from collections.abc import Iterator
from pathlib import Path

from bench import app_answers, app_library, app_uploads
from bench.report import Row, measure

PARTS = {"answers": app_answers.rows, "library": app_library.rows, "uploads": app_uploads.rows}


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    for name, rows in PARTS.items():
        place = temporary / name
        place.mkdir()
        yield from rows(data, place)


if __name__ == "__main__":
    measure("app", _rows)
