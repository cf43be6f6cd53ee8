"""SQLite databases of today's schema: migrated once, copied from then on, for migrating takes longer than
most tests."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from databases.schema import open_for_writing


def open_database(url: str) -> Engine:
    """What `open_for_writing` gives, sooner where SQLite's file is not there yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not (file := Path(str(parsed.database))).exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated())
    return open_for_writing(url)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "images.db"
        open_for_writing(f"sqlite:///{file}").dispose()
        return file.read_bytes()
