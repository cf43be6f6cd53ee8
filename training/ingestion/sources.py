"""Where pictures come from: a folder of class folders, with or without splits, or a CSV table."""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from training.errors import BadSource, NoPictures

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif"}
)

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class Candidate:
    """A file that should be a picture. `uri` is relative to the source's root; `split` where a folder gave
    it."""

    path: Path
    uri: str
    label: str | None
    split: str | None


@dataclass(frozen=True)
class Source:
    """What was found: `given_splits` are those that came as folders, `passed_over` counts other files by
    suffix."""

    root: Path
    candidates: list[Candidate]
    given_splits: frozenset[str] = frozenset()
    passed_over: Counter[str] = field(default_factory=Counter)


def open_source(path: Path) -> Source:
    """Finds the pictures of a folder or a CSV table.

    Raises:
        BadSource: there is no such folder or table, the table lacks a column, or there are split folders but
        none to train on.
        NoPictures: nothing in it, or in one of its split folders, looks like a picture.
    """
    needed = {"val", "test"}
    if path.is_dir():
        source = _scan_folder(path.resolve())
    elif path.is_file() and path.suffix.lower() == ".csv":
        source = _read_table(path.resolve())
        needed = {"val"}  # a library that was written as a table may have held back no test pictures
    elif path.exists():
        raise BadSource(f"{path} is neither a folder of class folders nor a .csv table")
    else:
        raise BadSource(f"there is no folder {path}")
    if not source.candidates:
        raise NoPictures(f"no picture in {path}: expected one folder a label with pictures in it")
    return _carvable(source, needed)


def _carvable(source: Source, needed: set[str]) -> Source:
    """Where a needed split was not given, the training pictures are left for it to be carved from."""
    labelled = [candidate for candidate in source.candidates if candidate.label is not None]
    if source.given_splits >= needed or not all(candidate.split for candidate in labelled):
        return source
    candidates = [replace(c, split=None) if c.split == "train" else c for c in source.candidates]
    return replace(source, candidates=candidates)


def _scan_folder(root: Path) -> Source:
    given = _split_folders(root)
    if given and "train" not in given.values():
        raise BadSource(
            f"{root} holds {_listed(given)} but no train folder: add one, or name the folder of class folders"
        )
    passed_over: Counter[str] = Counter()
    candidates = []
    for path in _files(root):
        if not _is_text(path):
            passed_over["with a name that is no UTF-8"] += 1
            continue
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            passed_over[path.suffix.lower() or path.name] += 1
            continue
        parts = path.relative_to(root).parts
        split = given.get(parts[0])
        folders = parts[1:-1] if split else parts[:-1]
        label = folders[0] if folders else None
        candidates.append(Candidate(path, "/".join(parts), label, split))
    if empty := [name for name, split in given.items() if split not in {one.split for one in candidates}]:
        raise NoPictures(
            f"no picture in {root / empty[0]}: put some there, or take that folder away, and its share will "
            "come from train"
        )
    return Source(root, candidates, frozenset(given.values()), passed_over)


def _split_folders(root: Path) -> dict[str, str]:
    """Folder name to split, where the top level is made of split folders that hold class folders, or
    nothing."""
    folders = [entry for entry in root.iterdir() if entry.is_dir() and not _hidden(entry.name)]
    splits = {folder.name: SPLIT_FOLDERS.get(folder.name.lower()) for folder in folders}
    given = {name: split for name, split in splits.items() if split is not None}
    held = [[entry for entry in folder.iterdir() if not _hidden(entry.name)] for folder in folders]
    nested = any(held) and all(any(entry.is_dir() for entry in entries) for entries in held if entries)
    return given if nested and len(given) == len(folders) else {}


def _listed(given: Mapping[str, str]) -> str:
    return " and ".join(sorted(given))


def _files(root: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not _hidden(name))
        for name in sorted(names):
            if not _hidden(name):
                yield Path(folder, name)


def _is_text(path: Path) -> bool:
    """Whether a path can be written down: names on disk may be bytes that are no UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _read_table(table: Path) -> Source:
    rows = _rows_of(table)
    paths = [(table.parent / row["file_path"]).resolve() for row in rows]
    if not paths:
        return Source(table.parent, [])
    root = Path(os.path.commonpath([path.parent for path in paths]))
    candidates = [
        Candidate(path, path.relative_to(root).as_posix(), row["label"] or None, _split_of(row, table))
        for path, row in zip(paths, rows, strict=True)
    ]
    given = frozenset(candidate.split for candidate in candidates if candidate.split)
    return Source(root, list({c.uri: c for c in candidates}.values()), given)


def _rows_of(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if missing := {"file_path", "label"} - set(reader.fieldnames or ()):
                raise BadSource(f"{table} lacks the column {', '.join(sorted(missing))}")
            return [row for row in reader if row["file_path"]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSource(f"{table} is no CSV table in UTF-8: {error}") from error


def _split_of(row: dict[str, str], table: Path) -> str | None:
    name = row.get("split")
    if not name:
        return None
    if name.lower() not in SPLIT_FOLDERS:
        raise BadSource(f"unknown split {name!r} in {table}")
    return SPLIT_FOLDERS[name.lower()]
