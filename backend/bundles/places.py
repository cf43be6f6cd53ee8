"""The bundles: a folder of this machine, or a URL with a folder for copies of what lies there."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from backend.bundles.fetching import fetch
from backend.inference.manifest import MANIFEST
from databases.places import Place, RemoteFile
from databases.settings import StateSettings


@dataclass(frozen=True)
class Mirror:
    """Bundles at the URL `store`, and copies of those that were asked for below `folder`, which may be
    emptied while nothing runs. What is begun on this machine lies there as well: drafts, trainings."""

    store: RemoteFile
    folder: Path


Bundles = Path | Mirror


def open_bundles(settings: StateSettings) -> Bundles:
    """The bundles that the settings name."""
    if isinstance(settings.bundles, Path):
        return settings.bundles
    url = str(settings.bundles)
    named = re.sub(r"[^a-z0-9]+", "-", url.lower())[:60]
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    return Mirror(settings.bundles, settings.cache / "bundles" / f"{named}-{digest}")


def workplace(bundles: Bundles) -> Path:
    """The folder on this machine: of the bundles, or of their copies."""
    return bundles if isinstance(bundles, Path) else bundles.folder


def bundle_folder(bundles: Bundles, uri: str) -> Path:
    """Where the bundle `uri` lies on this machine; from a URL it is fetched where that was not done before.

    Raises:
        BadBundle, BundleUnreachable: as `fetch` does; nothing of a folder that lies here is looked at.
    """
    if isinstance(bundles, Path):
        return bundles / uri
    return fetch(bundles.store / uri, bundles.folder / uri)


def bundle_place(bundles: Bundles, uri: str) -> Place:
    """Where the bundle `uri` lies in truth."""
    return bundles / uri if isinstance(bundles, Path) else bundles.store / uri


def has_bundle(bundles: Bundles, uri: str) -> bool:
    """Whether there is a whole one of that name: its manifest comes last.

    Raises:
        Unreachable: nobody can tell now.
    """
    try:
        (bundle_place(bundles, uri) / MANIFEST).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def bundle_names(bundles: Bundles) -> set[str]:
    """What in the folder, or at the URL, no other bundle may be called, those included that are not whole.

    Raises:
        Unreachable: nobody can tell now.
    """
    if isinstance(bundles, Path):
        return {entry.name for entry in bundles.iterdir()}
    try:
        return {file.uri.partition("/")[0] for file in bundles.store.files()}
    except FileNotFoundError:
        return set()
