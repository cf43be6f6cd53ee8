"""Pictures of a backup, and where they come to lie: what people sent, and those of roots in local folders."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.keeping import archive
from backend.keeping.contents import PICTURES, Contents, Track
from backend.keeping.errors import CannotRestore
from backend.keeping.swapping import Swap
from databases import holdings
from databases.engine import open_engine
from databases.holdings import HeldRoot
from databases.places import Place


@dataclass(frozen=True)
class PutPictures:
    """`left`: where other files lie than were backed up; these stay."""

    count: int
    left: tuple[Path, ...]


def settle_roots(database: Path, uploads: Place, contents: Contents, to: Path | None) -> Mapping[str, Path]:
    """Has a restored database read what people sent from `uploads`, and the pictures that are in the backup
    from below `to`, where that is named. Returns the folders of these by what a backup calls their root.

    Raises:
        CannotRestore: `to` is named, and the backup holds no pictures.
    """
    if to is not None and not contents.pictures:
        raise CannotRestore("the backup was made without --pictures, so there are none to put anywhere")
    folders = {}
    engine = open_engine(f"sqlite:///{database}")
    try:
        with engine.begin() as connection:
            for root in holdings.roots(connection):
                if root.sent:
                    holdings.move_root(connection, root, _resolved(uploads) / root.task)
                elif contents.pictures and root.folder is not None:
                    folders[str(root.id)] = root.folder if to is None else to.resolve() / _plain(root)
                    if to is not None:
                        holdings.move_root(connection, root, folders[str(root.id)])
    finally:
        engine.dispose()
    return folders


def put_pictures(
    backup: Path, contents: Contents, folders: Mapping[str, Path], swap: Swap, track: Track
) -> PutPictures:
    """Writes pictures into the folders of their roots, where no file is in the way."""
    left: list[Path] = []
    drafts: list[tuple[Path, Path]] = []

    def place(name: str) -> Path | None:
        kind, _, below = name.partition("/")
        number, _, uri = below.partition("/")
        if kind != PICTURES or number not in folders:
            return None
        target = folders[number] / uri
        if target.exists():
            if not _is(target, contents.members[name].sha256):
                left.append(target)
            return None
        # Always of the same name: what one who was killed left there, the next one writes over.
        drafts.append((target.with_name(f".{hashlib.sha256(name.encode()).hexdigest()[:32]}.part"), target))
        return drafts[-1][0]

    try:
        archive.extract(backup, contents, place, track)
        for draft, target in drafts:
            swap.move(draft, target)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)
    return PutPictures(len(drafts), tuple(left))


def _resolved(place: Place) -> Place:
    return place.resolve() if isinstance(place, Path) else place


def _plain(root: HeldRoot) -> str:
    return root.name if Path(root.name).name == root.name else str(root.id)


def _is(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return archive.Hashed(file).read_all().sha256 == sha256
