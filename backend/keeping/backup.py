"""The state as one file, made while the service runs.

The database is copied first, as it is at one moment, and what the copy names is what else goes in: bundles
never change once they are there, and pictures that people sent lie under their content's hash.
"""

import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from backend.bundles.places import bundle_folder, open_bundles
from backend.held_folders import held_folder
from backend.inference.errors import BadBundle, BundleUnreachable
from backend.inference.manifest import MANIFEST, read_manifest
from backend.keeping import archive
from backend.keeping.contents import (
    BUNDLES,
    CONTENTS,
    DATABASE,
    FORMAT_VERSION,
    PICTURES,
    REPORTS,
    UPLOADS,
    Contents,
    Member,
    Track,
)
from backend.keeping.errors import CannotBackUp, ChampionLacking
from databases import holdings
from databases.copying import copy_to_file
from databases.engine import open_engine
from databases.holdings import HeldBundle, HeldRoot
from databases.places import Place
from databases.settings import StateSettings

ROOM = 2**20  # for what a tar adds
ENDING, DRAFTS = ".tar", ".menagerie-*.part"


@dataclass(frozen=True)
class Wanted:
    """A file that belongs to the state, and what it is called in a backup. `sha256`: what it should be, where
    that is known."""

    name: str
    path: Place
    sha256: str | None = None


@dataclass(frozen=True)
class _Named:
    """What a database goes with: the version of its schema, its bundles, the files that are there, what
    lacks, and the roots whose pictures were wanted and lie at URLs."""

    revision: str
    bundles: list[HeldBundle]
    there: list[Wanted]
    lacking: list[str]
    elsewhere: list[str]


@dataclass(frozen=True)
class MadeBackup:
    """`champions`: those whose bundles are not in it, or damaged. `elsewhere`: the roots whose pictures were
    wanted and are not in it, since they lie at URLs."""

    path: Path
    bytes: int
    contents: Contents
    champions: tuple[str, ...]
    elsewhere: tuple[str, ...]

    def check_champions(self) -> None:
        """Raises ChampionLacking where there is one that a restore would refuse."""
        if self.champions:
            raise ChampionLacking(
                f"{', '.join(self.champions)} serves, and is missing or damaged: a restore takes this backup "
                "with --damaged alone. Mend or replace that bundle, and back up again"
            )


def back_up(settings: StateSettings, target: Path, track: Track, *, pictures: bool = False) -> MadeBackup:
    """Writes database, bundles, reports and what people sent to the file `target`, or to a new one in the
    folder `target`: all of it or nothing. `pictures`: those of roots in local folders too; those of roots at
    URLs stay there. What else lies at a URL is fetched from there.

    What the database names and is not there is told, and holds nothing up; of champions it is told apart.

    Raises:
        CannotBackUp: there is a file of that name, no room, or no state, or the bundles' URL does not answer.
        DatabaseError: as `copy_to_file` does.
        OSError: nothing can be written there.
    """
    target = _free_name(target)
    with held_folder(target.parent, DRAFTS) as folder:
        copy, draft = folder / DATABASE, folder / f"draft{ENDING}"
        with track("Copying the database", 1) as advance:
            copy_to_file(settings.database_url, copy)
            advance(1)
        named = _what_it_names(copy, settings, pictures)
        _check_room(target.parent, [copy, *(one.path for one in named.there)])
        contents = _write(draft, named, [Wanted(DATABASE, copy), *named.there], pictures, track)
        if target.exists():
            raise CannotBackUp(f"{target} is there already, and is left as it is")
        draft.rename(target)
        _make_durable(target.parent)
    champions = (one.version for one in named.bundles if one.serves and _lacks(one, contents.lacking))
    return MadeBackup(target, target.stat().st_size, contents, tuple(champions), tuple(named.elsewhere))


def _lacks(bundle: HeldBundle, lacking: tuple[str, ...]) -> bool:
    name = f"{BUNDLES}/{bundle.uri}"
    return any(one == name or one.startswith(f"{name}/") for one in lacking)


def _free_name(target: Path) -> Path:
    if target.is_dir():
        target /= f"menagerie-{datetime.now(UTC):%Y%m%d-%H%M%S}{ENDING}"
    if target.exists():
        raise CannotBackUp(f"{target} is there already, and is left as it is; name another file")
    if not target.parent.is_dir():
        raise CannotBackUp(f"there is no folder {target.parent} to write {target.name} into")
    return target


def _what_it_names(copy: Path, settings: StateSettings, pictures: bool) -> _Named:
    engine = open_engine(f"sqlite:///{copy}", read_only=True)
    try:
        with engine.connect() as connection:
            revision = holdings.revision(connection)
            if revision is None:
                raise CannotBackUp(
                    "the database holds nothing of menagerie's, so there is nothing to back up"
                )
            lacking: list[str] = []
            bundles, roots = holdings.bundles(connection), holdings.roots(connection)
            inside = [root for root in roots if root.sent or (pictures and root.folder is not None)]
            elsewhere = [root.name for root in roots if pictures and root not in inside]
            wanted = [*_of_models(bundles, settings, lacking), *_of_roots(connection, inside)]
    finally:
        engine.dispose()
    there = []
    for one in wanted:
        if one.path.is_file():
            there.append(one)
        else:
            lacking.append(one.name)
    return _Named(revision, bundles, there, lacking, elsewhere)


def _of_models(held: list[HeldBundle], settings: StateSettings, lacking: list[str]) -> Iterator[Wanted]:
    bundles = open_bundles(settings)
    for bundle in held:
        name = f"{BUNDLES}/{bundle.uri}"
        try:
            folder = bundle_folder(bundles, bundle.uri)
            manifest = read_manifest(folder)
        except BadBundle:
            lacking.append(name)
            continue
        except BundleUnreachable as error:
            raise CannotBackUp(f"{error}; nothing was written") from None
        yield Wanted(f"{name}/{MANIFEST}", folder / MANIFEST)
        for file, sha256 in manifest.files.items():
            yield Wanted(f"{name}/{file}", folder / file, sha256)
        for below, path in _files_of(settings.reports / bundle.version):
            yield Wanted(f"{REPORTS}/{bundle.version}/{below}", path)


def _files_of(folder: Place) -> Iterator[tuple[str, Place]]:
    """All files below, with their names from there; none where there is no folder."""
    if isinstance(folder, Path):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            yield path.relative_to(folder).as_posix(), path
        return
    with suppress(FileNotFoundError):
        for file in folder.files():
            yield file.uri, file


def _of_roots(connection: Connection, roots: list[HeldRoot]) -> Iterator[Wanted]:
    for root in roots:
        name = f"{UPLOADS}/{root.task}" if root.sent else f"{PICTURES}/{root.id}"
        for file, sha256 in holdings.files(connection, root):
            # What people sent never changes; pictures of the library may, and the next ingest sees it.
            yield Wanted(f"{name}/{file}", root.place / file, sha256 if root.sent else None)


def _check_room(folder: Path, files: list[Place]) -> None:
    needed, free = sum(file.stat().st_size for file in files) + ROOM, shutil.disk_usage(folder).free
    if needed > free:
        raise CannotBackUp(
            f"a backup of {_megabytes(needed)} finds no room in {folder}: {_megabytes(free)} are free"
        )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _write(draft: Path, named: _Named, wanted: list[Wanted], pictures: bool, track: Track) -> Contents:
    members: dict[str, Member] = {}
    lacking = list(named.lacking)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    draft.touch(0o600)  # hashes of keys and people's pictures are nobody else's business
    with (
        draft.open("wb") as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
        track("Backing up", len(wanted)) as advance,
    ):
        for one in wanted:
            members[one.name] = archive.add(tar, one.name, one.path)
            if one.sha256 not in (None, members[one.name].sha256):
                lacking.append(one.name)
            advance(1)
        contents = Contents(
            format_version=FORMAT_VERSION,
            made_at=made_at,
            revision=named.revision,
            pictures=pictures,
            lacking=tuple(lacking),
            members=members,
        )
        archive.add_bytes(tar, CONTENTS, contents.model_dump_json().encode())
    _make_durable(draft)
    return contents


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
