"""Folders of trainings under way: on a disk, or in an object store that several machines reach."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from databases.places import Place, RemoteFile
from training.scratch import scratch

PIXELS = "pixels-"


def make_folder(parent: Place) -> Place:
    """A new folder of a name that no other has."""
    if isinstance(parent, RemoteFile):  # there, folders are parts of names
        return parent / f"tmp{secrets.token_hex(8)}"
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent))


def folders_in(parent: Place) -> Sequence[Place]:
    """Those right below; none where `parent` is absent."""
    if isinstance(parent, RemoteFile):
        return parent.folders()
    return [entry for entry in parent.iterdir() if entry.is_dir()] if parent.is_dir() else []


def write_whole(place: Place, text: str) -> None:
    """Writes a small file that appears whole or not at all."""
    data = text.encode()
    if isinstance(place, RemoteFile):
        place.write_bytes(data)
        return
    draft = place.with_name(f".{place.name}.draft")
    draft.write_bytes(data)
    draft.replace(place)


def read_text(place: Place) -> str | None:
    """What a small file says, without the space around it; None where it is absent."""
    try:
        return place.read_bytes().decode().strip()
    except FileNotFoundError:
        return None


def remove_folder(folder: Place) -> None:
    """Removes it with all that it holds, where it is there."""
    if isinstance(folder, RemoteFile):
        folder.remove_all()
    else:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def folder_of_pixels(folder: Place | None, rank: int) -> Iterator[Path]:
    """Where a process decodes pictures to for as long as it learns: beside the checkpoints, or in the
    temporary folder where these lie in a store. What it left there when it was killed goes first."""
    if not isinstance(folder, Path):
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    with scratch(folder / f"{PIXELS}{rank}") as own:
        yield own


def remove_pixels(folder: Path) -> None:
    """Removes those that all processes left."""
    for left in folder.glob(f"{PIXELS}*"):
        shutil.rmtree(left, ignore_errors=True)


def keep_only(folder: Place, names: Sequence[str]) -> None:
    """Removes all that it holds but files of these names."""
    if isinstance(folder, RemoteFile):
        for file in folder.files():
            if file.uri not in names:
                file.remove_all()
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name not in names:
            entry.unlink(missing_ok=True)
