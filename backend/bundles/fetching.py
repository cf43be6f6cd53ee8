"""A bundle from a URL, copied to this machine and checked; processes and threads may ask for it at once."""

import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backend.inference.bundle import file_sha256
from backend.inference.errors import BadBundle, BundleUnreachable
from backend.inference.manifest import MANIFEST, parse_manifest
from databases.places import RemoteFile

log = logging.getLogger(__name__)

LOCK, DRAFT = "lock", ".draft"


def fetch(source: RemoteFile, folder: Path) -> Path:
    """The copy below `folder` of the bundle at `source`, as that is now: made where there is none yet.

    A copy is called by its manifest's SHA-256, and has that name only once all of it is there and every file
    is the one that the manifest names. Where nothing answers, the copy that was used last does.

    Raises:
        BadBundle: there is no such bundle, or a file of it is not the one that the manifest names.
        BundleUnreachable: nothing answers and there is no copy, or none can be written.
    """
    try:
        manifest = (source / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise BadBundle(f"there is no bundle at {source}") from None
    except OSError as error:
        return _used_last(folder, error)
    copy = copy_of(folder, manifest)
    if not is_whole(copy):
        try:
            with _alone_in(folder):
                if not is_whole(copy):  # or somebody else has made it meanwhile
                    _make(source, manifest, copy)
        except OSError as error:
            raise BundleUnreachable(f"{source} cannot be copied to {folder}: {error}") from error
    with suppress(OSError):  # where others keep the copies, they may be only read here
        os.utime(copy)
    return copy


def copy_of(folder: Path, manifest: bytes) -> Path:
    """Where below `folder` the copy of a bundle lies that has this manifest."""
    return folder / hashlib.sha256(manifest).hexdigest()[:16]


def is_whole(folder: Path) -> bool:
    """Whether all files are there that the manifest names, and unchanged."""
    path = folder / MANIFEST
    try:
        files = parse_manifest(path.read_bytes(), str(path)).files
        return all(file_sha256(folder / name) == expected for name, expected in files.items())
    except (OSError, BadBundle):
        return False


def _used_last(folder: Path, error: OSError) -> Path:
    whole = [path.parent for path in folder.glob(f"*/{MANIFEST}") if is_whole(path.parent)]
    if not whole:
        raise BundleUnreachable(f"{error}; there is no copy of it here") from error
    log.warning("%s; the copy serves that was used last", error)
    return max(whole, key=lambda copy: copy.stat().st_mtime)


def _make(source: RemoteFile, manifest: bytes, copy: Path) -> None:
    draft = copy.with_name(DRAFT)
    shutil.rmtree(draft, ignore_errors=True)  # of somebody who was killed
    draft.mkdir()
    for name, expected in parse_manifest(manifest, f"{source}/{MANIFEST}").files.items():
        try:
            (source / name).fetch(draft / name)
        except FileNotFoundError:
            raise BadBundle(f"{source} lacks {name}, which its manifest names") from None
        found = file_sha256(draft / name)
        if found != expected:
            told = f"its SHA-256 is {found}, not {expected}"
            raise BadBundle(f"{source}/{name} is not the file that the manifest names: {told}")
    (draft / MANIFEST).write_bytes(manifest)
    shutil.rmtree(copy, ignore_errors=True)  # a damaged one
    draft.rename(copy)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Waits until nobody else makes a copy in `folder`; whoever is killed waits for nobody."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
