"""Pictures that people sent, deleted for good: files, rows, embeddings, thumbnails, the gallery's index, and
what pages about models show of them."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.keeping.pages import clear_pages
from databases import sent
from databases.places import Place
from databases.schema import sqlite_file
from databases.sent import Forgotten, SentPicture
from databases.settings import StateSettings


@dataclass(frozen=True)
class Deleted:
    """How many of each are gone; `bytes`: of the files. `pages`: so many showed one of them, and do no more."""

    rows: Forgotten
    files: int
    bytes: int
    thumbnails: int
    pages: int


def delete_pictures(
    engine: Engine,
    settings: StateSettings,
    pictures: Sequence[SentPicture],
    by: str | None,
    *,
    words: bool = False,
) -> Deleted:
    """Deletes the files first and the rows last, so that one who is broken off finds these again, and can go
    on.

    The galleries' index beside SQLite holds traces of what was deleted until it is written anew: it is
    removed, and the service makes another one.

    Raises:
        OSError: a file cannot be deleted, or a page not be written anew; no row was deleted.
    """
    files = count = 0
    for picture in pictures:
        with suppress(FileNotFoundError):
            size = picture.place.stat().st_size
            _remove(picture.place)
            files, count = files + 1, count + size
    contents = {picture.sha256 for picture in pictures}
    pages = clear_pages(settings, contents)
    with Session(engine) as session, session.begin():
        rows = sent.forget(session, pictures, by, words=words)
    if engine.dialect.name == "sqlite":
        _close_traces(engine, settings, rows)
    thumbnails = sum(_delete_thumbnails(settings, sha256) for sha256 in contents)
    return Deleted(rows, files, count, thumbnails, pages)


def _remove(place: Place) -> None:
    if isinstance(place, Path):
        place.unlink()
    else:
        place.remove()


def _close_traces(engine: Engine, settings: StateSettings, rows: Forgotten) -> None:
    with engine.connect() as connection:
        # What stands in the log of writes is there as long as it is not reused.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    if rows.embeddings:
        shutil.rmtree(f"{sqlite_file(settings.database_url)}.galleries", ignore_errors=True)


def _delete_thumbnails(settings: StateSettings, sha256: str) -> int:
    found = list((settings.thumbnails / sha256[:2]).glob(f"{sha256}-*"))
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
