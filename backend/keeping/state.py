"""The state that a backup is to take the place of."""

import shutil
from pathlib import Path

from sqlalchemy.exc import DatabaseError as DriverError

from backend.keeping.contents import BUNDLES, REPORTS, UPLOADS, Contents
from backend.keeping.errors import CannotRestore
from databases.copying import holds_anything
from databases.engine import open_engine
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
    there += [str(folder) for folder in folders_of(settings).values() if _is_used(folder)]
    if there:
        raise CannotRestore(
            f"there is a state already: {', '.join(there)}; to put the backup in its place, say --force: "
            "files are set aside then, tables of PostgreSQL's are emptied"
        )


def folders_of(settings: StateSettings) -> dict[str, Path]:
    """By what a backup calls them.

    Raises:
        CannotRestore: one of them is a URL.
    """
    folders = {}
    for name in (BUNDLES, REPORTS, UPLOADS):
        place = getattr(settings, name)
        if not isinstance(place, Path):
            raise CannotRestore(
                f"MENAGERIE_{name.upper()} is {place}, and a backup is put back into folders: name a folder "
                "in its place, restore, and copy what lies there to the URL by the store's own means"
            )
        folders[name] = place
    return folders


def _is_used(folder: Path) -> bool:
    return folder.is_dir() and any(not entry.name.startswith(".") for entry in folder.iterdir())


def check_room(settings: StateSettings, contents: Contents) -> None:
    """Raises CannotRestore where a backup finds no room."""
    place = folders_of(settings)[BUNDLES].absolute()
    while not place.is_dir():
        place = place.parent
    needed, free = contents.bytes + ROOM, shutil.disk_usage(place).free
    if needed > free:
        raise CannotRestore(
            f"the backup unpacks to {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free in {place}"
        )
