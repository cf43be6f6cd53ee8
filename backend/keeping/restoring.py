"""A backup put back: all of it is checked before anything of the state is touched."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.held_folders import held_folder
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from backend.keeping import archive
from backend.keeping.contents import BUNDLES, DATABASE, UPLOADS, Contents, Track
from backend.keeping.errors import BadBackup, CannotRestore
from backend.keeping.pictures import PutPictures, put_pictures, settle_roots
from backend.keeping.sending import read, send
from backend.keeping.state import check_free, check_room, places_of, workplaces_of
from backend.keeping.swapping import Swap, swapping
from databases import holdings
from databases.copying import check_sound, fill, settle
from databases.errors import DatabaseInUse, DatabaseUnavailable
from databases.holdings import HeldBundle
from databases.places import Place, RemoteFile
from databases.schema import open_for_writing, sqlite_file
from databases.settings import StateSettings

DRAFTS = ".menagerie-*.restoring"


@dataclass(frozen=True)
class Restored:
    """`damaged`: bundles that do not load, champions only where that was allowed. `aside`: where what was
    there before lies now. `left`: pictures in whose place other files lie, which stay."""

    contents: Contents
    damaged: tuple[str, ...]
    aside: tuple[Place, ...]
    pictures: int
    left: tuple[Path, ...]


@dataclass(frozen=True)
class _Staged:
    """What was unpacked: the database, and by the name of its kind, each folder, beside where it is to be if
    that is on this machine."""

    database: Path
    folders: dict[str, Path]


def restore(
    settings: StateSettings,
    backup: Path,
    track: Track,
    *,
    force: bool = False,
    damaged: bool = False,
    pictures_to: Path | None = None,
) -> Restored:
    """Puts a backup in the place of the state, brought to this version's schema, on either kind of database.

    Where there is a state already that is refused, unless `force` is said: then it is set aside, but for
    PostgreSQL's tables, which are emptied. Pictures of local roots that are in the backup go where they were,
    or below `pictures_to`. Every file is hashed and every bundle's golden inputs are run before the state is
    touched, and the files are hashed once more where they come to lie.

    `damaged`: a champion may be missing or damaged, as it may have been when the backup was made; the service
    takes the one before it.

    Raises:
        BadBackup: the file is none, not whole, or its champion does not answer as it did.
        CannotRestore: there is a state, or no room.
        DatabaseInUse: the service is running on the SQLite database that would be replaced.
        DatabaseError: the database does not answer, or a newer version's backup is put back.
        OSError: something cannot be written.
    """
    contents = archive.check(backup, track)
    if not force:
        check_free(settings)
    file = sqlite_file(settings.database_url)
    if file is not None and file.exists():
        _close(file)
    check_room(settings, contents)
    with _staging(settings, file) as staged:
        archive.extract(backup, contents, lambda name: _place(staged, name), track)
        broken = _check_staged(staged, damaged, track)
        folders = settle_roots(staged.database, places_of(settings)[UPLOADS], contents, pictures_to)
        settle(staged.database)
        put = PutPictures(0, ())
        with swapping() as swap:
            if folders:
                put = put_pictures(backup, contents, folders, swap, track)
            aside: list[Place] = list(_put_folders(settings, staged, swap))
            _check_put(settings, contents, track)
            # Last, so that no database names a bundle that is not there.
            aside += _put_database(settings, staged, file, swap)
    return Restored(contents, broken, tuple(aside), put.count, put.left)


def _close(file: Path) -> None:
    """Sees to it that nobody has the database open; a damaged one can be replaced too."""
    try:
        settle(file)
    except DatabaseInUse:
        raise
    except DatabaseUnavailable:
        return


@contextmanager
def _staging(settings: StateSettings, file: Path | None) -> Iterator[_Staged]:
    """Hidden folders, each in the very folder that things are moved to later, or in the cache for what goes
    to a URL."""
    with ExitStack() as stack:

        def make(folder: Path) -> Path:
            folder.mkdir(parents=True, exist_ok=True)
            return stack.enter_context(held_folder(folder, DRAFTS))

        places = workplaces_of(settings)
        beside = places[BUNDLES] if file is None else file.parent
        folders = {name: make(folder.resolve()) for name, folder in places.items()}
        yield _Staged(make(beside.resolve()) / f"{DATABASE}.new", folders)


def _place(staged: _Staged, name: str) -> Path | None:
    """Where a member is unpacked; pictures of roots are later, when it is known where these lie."""
    if name == DATABASE:
        return staged.database
    kind, _, below = name.partition("/")
    return staged.folders[kind] / below if kind in staged.folders else None


def _check_staged(staged: _Staged, champions_too: bool, track: Track) -> tuple[str, ...]:
    """Brings the database to this version's schema and loads the bundles; which of these are damaged: of
    champions none may be, unless `champions_too`."""
    check_sound(staged.database)
    engine = open_for_writing(f"sqlite:///{staged.database}")
    try:
        with engine.connect() as connection:
            bundles = holdings.bundles(connection)
    finally:
        engine.dispose()
    damaged: list[str] = []
    with track("Asking the golden inputs", len(bundles)) as advance:
        for bundle in bundles:
            try:
                load_bundle(staged.folders[BUNDLES] / bundle.uri, whole=True)
            except BadBundle as error:
                if bundle.serves and not champions_too:
                    raise _refused(bundle, error) from None
                damaged.append(bundle.version)
            advance(1)
    return tuple(damaged)


def _refused(bundle: HeldBundle, error: BadBundle) -> BadBackup:
    return BadBackup(
        f"nothing was put back: {bundle.version} serves, and {error}; to put back all the rest, say "
        "--damaged: the champion before it serves then"
    )


def _put_folders(settings: StateSettings, staged: _Staged, swap: Swap) -> Iterator[Place]:
    """Tells where what was in the way lies now."""
    for name, place in places_of(settings).items():
        new, before = staged.folders[name], f".before-{_moment()}"
        if isinstance(place, RemoteFile):
            moved = send(new, place, place / before, swap)
        else:
            moved = _put_folder(new, place, place / before, swap)
        if moved:
            yield place / before


def _put_folder(new: Path, folder: Path, aside: Path, swap: Swap) -> bool:
    """Whether anything was set aside."""
    old = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    for entry in old:
        swap.set_aside(entry, aside)
    for entry in sorted(new.iterdir()):
        swap.move(entry, folder / entry.name)
    return bool(old)


def _put_database(settings: StateSettings, staged: _Staged, file: Path | None, swap: Swap) -> Iterator[Path]:
    if file is None:
        engine = open_for_writing(settings.database_url)
        try:
            with engine.begin() as connection:
                fill(staged.database, connection)
        finally:
            engine.dispose()
        return
    aside = Path(f"{file}.before-{_moment()}")
    for ending in ("", "-wal", "-shm"):  # the latter two where a damaged one could not be closed
        if (old := Path(f"{file}{ending}")).exists():
            swap.move(old, Path(f"{aside}{ending}"))
    if aside.exists():
        yield aside
    shutil.rmtree(f"{file}.galleries", ignore_errors=True)  # an index of the other database
    swap.move(staged.database, file)


def _check_put(settings: StateSettings, contents: Contents, track: Track) -> None:
    """Reads the files where they lie now."""
    places = places_of(settings)
    with track("Checking what was put back", len(contents.members)) as advance:
        for name, member in contents.members.items():
            kind, _, below = name.partition("/")
            if kind in places and read(place := places[kind] / below) != member:
                raise CannotRestore(f"{place} is not what was written to it")
            advance(1)


def _moment() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
