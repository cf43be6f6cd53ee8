"""A folder of class folders, perhaps under train, val and test; on this machine or below a URL."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from databases.places import Place
from training.ingestion.sources.found import PICTURE_SUFFIXES, SPLIT_FOLDERS, UNNAMEABLE, Candidate, Source

Parts = tuple[str, ...]


def scan(root: Place, wrapper: Parts = ()) -> Source:
    """The pictures below `root`, each labelled by its first folder, or by the first below a split's.

    `wrapper` are folders around all of them, which say nothing.
    """
    passed_over: Counter[str] = Counter()
    pictures: list[tuple[Parts, Place]] = []
    nested: dict[str, bool] = {}
    for parts, place in _files(root):
        told = parts[len(wrapper) :] if parts[: len(wrapper)] == wrapper else ()
        if len(told) > 1:
            nested[told[0]] = nested.get(told[0], False) or len(told) > 2
        if not _is_text("/".join(parts)):
            passed_over[UNNAMEABLE] += 1
        elif place.suffix.lower() not in PICTURE_SUFFIXES:
            passed_over[place.suffix.lower() or place.name] += 1
        else:
            pictures.append((parts, place))
    given = _split_folders(nested)
    candidates = []
    for parts, place in pictures:
        folders = parts[len(wrapper) : -1]
        split = given.get(folders[0]) if folders else None
        told = folders[1:] if split else folders
        candidates.append(Candidate(place, "/".join(parts), told[0] if told else None, split))
    return Source(root, candidates, frozenset(given.values()), passed_over)


def is_hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _split_folders(nested: dict[str, bool]) -> dict[str, str]:
    """Folder name to split, where the top level is made of split folders that hold class folders; `nested`
    says of each top folder whether there are folders in it."""
    splits = {name: SPLIT_FOLDERS.get(name.lower()) for name in nested}
    given = {name: split for name, split in splits.items() if split is not None}
    return given if all(nested.values()) and len(given) == len(nested) and "train" in given.values() else {}


def _files(root: Place) -> Iterator[tuple[Parts, Place]]:
    if not isinstance(root, Path):
        for file in root.files():
            parts = tuple(file.uri.split("/"))
            if not any(is_hidden(name) for name in parts):
                yield parts, file
        return
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not is_hidden(name))
        parts = Path(folder).relative_to(root).parts
        for name in sorted(names):
            if not is_hidden(name):
                yield (*parts, name), Path(folder, name)


def _is_text(name: str) -> bool:
    """Whether a path can be written down: names on disk may be bytes that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
