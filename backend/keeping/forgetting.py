"""Pictures that people sent, deleted for good: files, rows, embeddings, thumbnails, the gallery's index, and
what pages about models show of them."""

import hashlib
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

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
    """How many of each are gone; `bytes`: of the files. `pages`: so many showed one of them, and do no more.
    `aside`: databases that a restore set aside, which hold what they held."""

    rows: Forgotten
    files: int
    bytes: int
    thumbnails: int
    pages: int
    aside: tuple[Path, ...]


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
    contents = {picture.sha256 for picture in pictures}
    files = count = 0
    for place in (*(picture.place for picture in pictures), *_hidden(settings.uploads, contents)):
        with suppress(FileNotFoundError):
            size = place.stat().st_size
            _remove(place)
            files, count = files + 1, count + size
    pages = clear_pages(settings, contents)
    with Session(engine) as session, session.begin():
        rows = sent.forget(session, pictures, by, words=words)
    if engine.dialect.name == "sqlite":
        _close_traces(engine, settings, rows)
    thumbnails = sum(_delete_thumbnails(settings, sha256) for sha256 in contents)
    return Deleted(rows, files, count, thumbnails, pages, _set_aside(settings))


def _hidden(uploads: Place, contents: Collection[str]) -> Iterator[Place]:
    """More files of the same: in what a restore set aside or left where it was killed, and drafts, whose
    names tell nothing."""
    for place, uri in _below(uploads) if contents else ():
        *folders, name = PurePosixPath(uri).parts
        if name.startswith("."):
            with suppress(FileNotFoundError):  # it has its name by now
                if hashlib.sha256(place.read_bytes()).hexdigest() in contents:
                    yield place
        elif any(folder.startswith(".") for folder in folders) and PurePosixPath(name).stem in contents:
            yield place


def _below(uploads: Place) -> Iterator[tuple[Place, str]]:
    """All files, with their names from there."""
    if isinstance(uploads, Path):
        found = sorted(path for path in uploads.rglob("*") if path.is_file())
        yield from ((path, path.relative_to(uploads).as_posix()) for path in found)
        return
    with suppress(FileNotFoundError):
        yield from ((file, file.uri) for file in uploads.files())


def _set_aside(settings: StateSettings) -> tuple[Path, ...]:
    file = sqlite_file(settings.database_url)
    found = [] if file is None else sorted(file.parent.glob(f"{file.name}.before-*"))
    return tuple(path for path in found if not path.name.endswith(("-wal", "-shm")))


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
