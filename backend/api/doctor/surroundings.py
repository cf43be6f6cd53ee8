"""The machine: room, folders, clock, versions; and who may come in."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from backend.api.doctor.findings import Finding, fail, ok, warn
from backend.api.guard import is_key_needed
from backend.api.settings import Settings
from databases.keys import ApiKey
from databases.schema import sqlite_file

PACKAGES = ("fastapi", "uvicorn", "SQLAlchemy", "onnxruntime", "numpy", "pillow", "simplejpeg", "psycopg")
LEAST_PYTHON = (3, 11)
LITTLE, TOO_LITTLE = 10**9, 10**8  # bytes
# No clock of today tells less; and two machines that tell the time over a network differ by far less.
BUILT, ASKEW = datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=5)


def versions() -> Finding:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return fail("packages", f"{name} is not installed", "make install")
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < LEAST_PYTHON:
        return fail("packages", f"Python is {python}", "use Python 3.11 or newer")
    return ok("packages", f"Python {python}, {', '.join(found)}")


def clock(latest: datetime | None, now: datetime) -> Finding:
    """`latest`: when the database was told something last."""
    if now < BUILT:
        return fail("clock", f"it tells {now:%Y-%m-%d %H:%M} UTC", "set the clock")
    if latest is not None and latest > now + ASKEW:
        told = f"it tells {now:%Y-%m-%d %H:%M} UTC, but the database knows of {latest:%Y-%m-%d %H:%M}"
        return fail("clock", told, "set the clock; what is drawn by days is wrong until then")
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def folders(settings: Settings) -> Iterator[Finding]:
    """Can be written to what has to be, and is there room?"""
    rooms: dict[int, tuple[Path, int]] = {}
    for name, folder in _folders(settings).items():
        there = _nearest(folder)
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            told = f"nothing can be written to {there}: {error.strerror}"
            yield fail(name, told, f"let the service's user (id {os.getuid()}) write there")
        rooms.setdefault(there.stat().st_dev, (there, shutil.disk_usage(there).free))
    for there, free in rooms.values():
        told = f"{free / 1e9:,.1f} GB are free at {there}"
        if free < LITTLE:
            make = fail if free < TOO_LITTLE else warn
            yield make("room", told, "make room: thumbnails may be emptied, old bundles and backups moved")
        else:
            yield ok("room", told)


def exposure(settings: Settings, keys: list[ApiKey]) -> Finding:
    where = settings.published or settings.host
    if is_key_needed(settings):
        if not keys:
            told = f"requests to {where} need a key, and there is none"
            return warn("keys", told, "menagerie keys add NAME, or python -m backend.api.keys add NAME")
        return ok("keys", f"requests to {where} need one of {len(keys)} keys")
    if settings.auth == "off" and where not in ("127.0.0.1", "::1", "localhost"):
        return warn("keys", f"whoever reaches {where} may do all", "MENAGERIE_AUTH=on, and a key for each")
    return ok("keys", f"none is needed at {where}; behind a proxy say MENAGERIE_AUTH=on")


def _folders(settings: Settings) -> dict[str, Path]:
    file = sqlite_file(settings.database_url)
    found = {} if file is None else {"database": file.parent}
    named = {"bundles": settings.bundles, "uploads": settings.uploads, "thumbnails": settings.thumbnails}
    here = {name: place for name, place in named.items() if isinstance(place, Path)}
    return found | here | ({} if here == named else {"cache": settings.cache})


def _nearest(folder: Path) -> Path:
    """The folder, or where it would be made."""
    folder = folder.absolute()
    while not folder.is_dir():
        folder = folder.parent
    return folder
