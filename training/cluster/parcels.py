"""A bundle on its way to the machines of a cluster, which may share a disk with this one or not."""

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import ray

from backend.inference.bundle import Bundle, file_sha256, load_bundle
from backend.inference.errors import BadBundle
from backend.inference.manifest import MANIFEST, read_manifest


@dataclass(frozen=True)
class Parcel:
    """`folder`: where the bundle may lie on a machine too. `digest`: the SHA-256 of its manifest, which tells
    that of each other file. `content`: a reference to the bytes of all of them, for machines without it."""

    folder: Path
    digest: str
    content: Any


def pack(folder: Path) -> Parcel:
    """Puts a bundle where each machine of the cluster that this process is connected to can fetch it."""
    names = [MANIFEST, *read_manifest(folder).files]
    content = {name: (folder / name).read_bytes() for name in names}
    return Parcel(folder.absolute(), file_sha256(folder / MANIFEST), ray.put(content))


@lru_cache(maxsize=1)
def unpack(parcel: Parcel) -> Bundle:
    """The bundle, loaded once in each worker, to run on one core. Its texts cannot be read: nothing of it
    stays on disk.

    Raises:
        BadBundle: it does not work here.
    """
    with suppress(OSError, BadBundle):
        if file_sha256(parcel.folder / MANIFEST) == parcel.digest:
            return load_bundle(parcel.folder, threads=1)
    with tempfile.TemporaryDirectory(prefix="menagerie-") as temporary:
        for name, data in ray.get(parcel.content).items():
            (Path(temporary) / name).write_bytes(data)
        if file_sha256(Path(temporary) / MANIFEST) != parcel.digest:
            raise BadBundle(f"the bundle {parcel.folder} changed while it was sent")
        return load_bundle(Path(temporary), threads=1)
