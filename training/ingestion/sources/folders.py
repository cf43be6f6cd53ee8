"""A folder of class folders, perhaps under train, val and test; on this machine or below a URL."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from databases.places import Place
from training.errors import BadSource, NoPictures
from training.ingestion.sources.found import PICTURE_SUFFIXES, SPLIT_FOLDERS, UNNAMEABLE, Candidate, Source

Parts = tuple[str, ...]


def scan(root: Place, wrapper: Parts = ()) -> Source:
    """The pictures below `root`, to learn from: each is labelled by its first folder, or by the first below a
    split's.

    `wrapper` are folders around all of them, which say nothing.

    Raises:
        BadSource: there are split folders but none to train on.
        NoPictures: a split folder has none.
    """
    source, given = _look_through(root, wrapper)
    _check_splits(root, given, {candidate.split for candidate in source.candidates})
    return source


def scan_to_ask(root: Place) -> Source:
    """The pictures below `root` as `scan` finds them, which splits there may be: nobody is to learn from
    them."""
    return _look_through(root, ())[0]


def _look_through(root: Place, wrapper: Parts) -> tuple[Source, dict[str, str]]:
    """What is there, and the folders that are splits."""
    passed_over: Counter[str] = Counter()
    pictures: list[tuple[Parts, Place]] = []
    unnameable: list[tuple[Parts, Place]] = []
    nested: dict[str, bool | None] = dict.fromkeys(_top_folders(root, wrapper))
    for parts, place in _files(root):
        told = parts[len(wrapper) :] if parts[: len(wrapper)] == wrapper else ()
        if len(told) > 1:
            nested[told[0]] = nested.get(told[0], False) or len(told) > 2
        is_picture = place.suffix.lower() in PICTURE_SUFFIXES
        if not _is_text("/".join(parts)):
            passed_over[UNNAMEABLE] += 1
            unnameable += [(parts, place)] if is_picture else []
        elif not is_picture:
            passed_over[place.suffix.lower() or place.name] += 1
        else:
            pictures.append((parts, place))
    given = _split_folders(nested)
    candidates = _candidates(pictures, len(wrapper), given)
    others = _candidates(unnameable, len(wrapper), given)
    return Source(root, candidates, frozenset(given.values()), passed_over, others), given


def _candidates(pictures: list[tuple[Parts, Place]], top: int, given: dict[str, str]) -> list[Candidate]:
    """`top`: how many folders stand around all that say something."""
    candidates = []
    for parts, place in pictures:
        folders = parts[top:-1]
        split = given.get(folders[0]) if folders else None
        told = folders[1:] if split else folders
        candidates.append(Candidate(place, "/".join(parts), told[0] if told else None, split))
    return candidates


def is_hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _top_folders(root: Place, wrapper: Parts) -> list[str]:
    """Those of a folder on this machine, empty ones too; an object store has no empty folders."""
    if not isinstance(root, Path):
        return []
    return [
        entry.name
        for entry in root.joinpath(*wrapper).iterdir()
        if entry.is_dir() and not is_hidden(entry.name)
    ]


def _split_folders(nested: dict[str, bool | None]) -> dict[str, str]:
    """Folder name to split, where the top level is made of split folders that hold class folders, or
    nothing; `nested` says of each top folder whether there are folders in it, None where it holds no file."""
    splits = {name: SPLIT_FOLDERS.get(name.lower()) for name in nested}
    given = {name: split for name, split in splits.items() if split is not None}
    filled = [folders for folders in nested.values() if folders is not None]
    return given if filled and all(filled) and len(given) == len(nested) else {}


def _check_splits(root: Place, given: dict[str, str], filled: set[str | None]) -> None:
    if given and "train" not in given.values():
        raise BadSource(
            f"{root} holds {' and '.join(sorted(given))} but no train folder: add one, or name the folder of "
            "class folders"
        )
    if empty := [name for name, split in given.items() if split not in filled]:
        raise NoPictures(
            f"no picture in {root / empty[0]}: put some there, or take that folder away, and its share will "
            "come from train"
        )


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
