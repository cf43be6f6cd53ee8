"""The state that a backup is to take the place of."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DatabaseError as DriverError

from backend.keeping.contents import BUNDLES, REPORTS, UPLOADS, Contents
from backend.keeping.errors import CannotRestore
from databases.copying import holds_anything
from databases.engine import open_engine
from databases.places import Place, RemoteFile
from databases.schema import sqlite_file
from databases.settings import StateSettings

ROOM = 2**20


def check_free(settings: StateSettings) -> None:
    """Raises CannotRestore where there is anything already."""
    file = sqlite_file(settings.database_url)
    there = []
    if file is None or file.exists():
        engine = open_engine(settings.database_url, read_only=True)
        shown = engine.url.render_as_string(hide_password=True)
        try:
            if holds_anything(engine):
                there.append(f"the database {shown}")
        except DriverError:
            there.append(f"the database {shown}, which does not answer")
        finally:
            engine.dispose()
    there += [str(place) for place in places_of(settings).values() if _is_used(place)]
    if there:
        raise CannotRestore(
            f"there is a state already: {', '.join(there)}; to put the backup in its place, say --force: "
            "files are set aside then, at a URL those that differ; tables of PostgreSQL's are emptied"
        )


def places_of(settings: StateSettings) -> dict[str, Place]:
    """Folders and URLs, by what a backup calls them."""
    return {BUNDLES: settings.bundles, REPORTS: settings.reports, UPLOADS: settings.uploads}


def workplaces_of(settings: StateSettings) -> dict[str, Path]:
    """Where on this machine a backup is unpacked: the very folders, or the cache for what goes to a URL."""
    places = places_of(settings).items()
    return {name: place if isinstance(place, Path) else settings.cache for name, place in places}


def listed(place: RemoteFile) -> Iterator[RemoteFile]:
    """The files of a state at a URL, but for those that were set aside there; `uri` is relative to it."""
    with suppress(FileNotFoundError):
        yield from (file for file in place.files() if not file.uri.startswith("."))


def _is_used(place: Place) -> bool:
    if isinstance(place, Path):
        return place.is_dir() and any(not entry.name.startswith(".") for entry in place.iterdir())
    return any(True for _ in listed(place))


def check_room(settings: StateSettings, contents: Contents) -> None:
    """Raises CannotRestore where a backup finds no room."""
    place = workplaces_of(settings)[BUNDLES].absolute()
    while not place.is_dir():
        place = place.parent
    needed, free = contents.bytes + ROOM, shutil.disk_usage(place).free
    if needed > free:
        raise CannotRestore(
            f"the backup unpacks to {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free in {place}"
        )
