"""Files of a backup, put back at a URL."""

from pathlib import Path

from backend.inference.manifest import MANIFEST
from backend.keeping.archive import Hashed
from backend.keeping.contents import Member
from backend.keeping.state import listed
from backend.keeping.swapping import Swap
from databases.places import Place, RemoteFile


def send(folder: Path, place: RemoteFile, aside: RemoteFile, swap: Swap) -> bool:
    """Sends what lies below `folder`, manifests last, as they make a bundle of what is there.

    A file that is there already and the same stays; another one in its place is moved to `aside`. What else
    lies there stays, too. Whether anything was moved.
    """
    there = {file.uri: file for file in listed(place)}
    moved = False
    for path in sorted((path for path in folder.rglob("*") if path.is_file()), key=_manifests_last):
        uri = path.relative_to(folder).as_posix()
        if (old := there.get(uri)) is not None:
            if old.stat().st_size == path.stat().st_size and read(old) == read(path):
                continue
            swap.move_in_store(old, aside / uri)
            moved = True
        swap.send(path, place / uri)
    return moved


def read(path: Place) -> Member:
    """What lies there now. A file at a URL is held in memory."""
    if isinstance(path, RemoteFile):
        return Member.of(path.read_bytes())
    with path.open("rb") as file:
        return Hashed(file).read_all()


def _manifests_last(path: Path) -> tuple[bool, Path]:
    return path.name == MANIFEST, path
