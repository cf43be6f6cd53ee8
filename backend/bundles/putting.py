"""A bundle gets its place, and nobody sees half of it: on disk it is renamed, at a URL its manifest comes
last."""

import shutil
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from backend.bundles.fetching import copy_of
from backend.bundles.places import Bundles, Mirror, workplace
from backend.inference.manifest import MANIFEST

CLAIM = ".claim"


def put(bundles: Bundles, draft: Path, name: str) -> None:
    """Moves the checked bundle in `draft` to its place, called `name`. The draft is gone then.

    Raises:
        OSError: it cannot be written there; `Unreachable` where nothing answers.
    """
    if isinstance(bundles, Mirror):
        send_files(bundles, draft, name)
    seal(bundles, draft, name)


def claim(bundles: Mirror, name: str) -> None:
    """Takes a name, for files that are sent under it in a moment."""
    (bundles.store / name / CLAIM).write_bytes(b"")


def send_files(bundles: Mirror, draft: Path, name: str) -> None:
    """Sends all files of a bundle but its manifest, without which they are none."""
    for path in sorted(draft.iterdir()):
        if path.name != MANIFEST:
            (bundles.store / name / path.name).send(path)


def seal(bundles: Bundles, draft: Path, name: str) -> None:
    """Makes a bundle of what is there: renames the draft, or sends the manifest behind the files."""
    if isinstance(bundles, Path):
        draft.rename(bundles / name)
        return
    place, manifest = bundles.store / name, (draft / MANIFEST).read_bytes()
    (place / MANIFEST).write_bytes(manifest)
    with suppress(OSError):  # it is harmless
        (place / CLAIM).remove()
    with suppress(OSError):  # or it is fetched when it is needed
        copy = copy_of(bundles.folder / name, manifest)
        copy.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(copy)


def take_back(bundles: Bundles, name: str) -> None:
    """Undoes `seal`, a moment ago, of a bundle that nobody was told of. What was sent to a URL stays there
    without its manifest, which makes it none.

    Raises:
        OSError: it cannot be done.
    """
    if isinstance(bundles, Path):
        shutil.rmtree(bundles / name)
    else:
        (bundles.store / name / MANIFEST).remove()


def discard(bundles: Bundles, name: str) -> None:
    """Makes room for another bundle of that name, where a damaged one lies. At a URL nothing is taken away:
    whoever reads there does so until the other one's manifest is there."""
    if isinstance(bundles, Path):
        shutil.rmtree(bundles / name)


def check_writable(bundles: Bundles) -> None:
    """Writes something to where the bundles lie, and takes it away.

    Raises:
        OSError: it cannot be done.
    """
    workplace(bundles).mkdir(parents=True, exist_ok=True)
    if isinstance(bundles, Mirror):
        probe = bundles.store / f".probe-{uuid4().hex}"
        probe.write_bytes(b"")
        probe.remove()
