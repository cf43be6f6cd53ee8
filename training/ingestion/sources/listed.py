"""Pictures that a table or an annotation file lists by where they lie."""

import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from databases.places import Place, RemoteFile, is_url, parse_place
from training.errors import BadSource
from training.ingestion.sources.found import SPLIT_FOLDERS, Candidate, Source


@dataclass(frozen=True)
class Listed:
    """A picture that a file lists; `split` where the file gives one."""

    place: Place
    label: str | None
    split: str | None


def locate(text: str, base: Place, told_in: Place, inside: Path | None) -> Place:
    """Where a picture called `text` lies: at a URL, or relative to `base`.

    Raises:
        BadSource: that is not `inside` this folder, where one is given.
    """
    place = parse_place(text) if is_url(text) else _below(base, text)
    if inside is not None and not (isinstance(place, Path) and place.is_relative_to(inside)):
        raise BadSource(f"{told_in.name} names {text}, which lies outside of the archive")
    return place


def read_split(name: str | None, told_in: Place) -> str | None:
    """What a file calls a split, as one of ours; none where it is empty.

    Raises:
        BadSource: it is no name of a split.
    """
    if not name:
        return None
    if name.lower() not in SPLIT_FOLDERS:
        raise BadSource(f"unknown split {name!r} in {told_in}")
    return SPLIT_FOLDERS[name.lower()]


def gather(listed: Iterable[Listed], told_in: Place, root: Path | None = None) -> Source:
    """A source of pictures relative to `root`, by default to the folder that they share. What is listed
    twice counts as it is listed last.

    Raises:
        BadSource: they share none.
    """
    entries = {str(one.place): one for one in listed}
    given = frozenset(one.split for one in entries.values() if one.split)
    if not entries:
        return Source(root or told_in.parent, [])
    local = [one.place for one in entries.values() if isinstance(one.place, Path)]
    if not local:
        return _remote(entries, told_in, given)
    if len(local) < len(entries):
        raise BadSource(f"{told_in} names pictures in folders and at URLs: make two tables of it")
    top = root or Path(os.path.commonpath([path.parent for path in local]))
    candidates = [
        Candidate(path, path.relative_to(top).as_posix(), one.label, one.split)
        for path, one in zip(local, entries.values(), strict=True)
    ]
    return Source(top, candidates, given)


def _remote(entries: dict[str, Listed], told_in: Place, given: frozenset[str]) -> Source:
    shared = posixpath.commonprefix([name.split("/")[:-1] for name in entries])
    if len(shared) < 3:  # s3:, nothing, bucket
        raise BadSource(f"{told_in} names pictures in several stores: make a table for each")
    root = RemoteFile("/".join(shared))
    known = {file.uri: file for file in root.files()}
    candidates = []
    for name, one in entries.items():
        uri = name[len(str(root)) + 1 :]
        candidates.append(Candidate(known.get(uri, root / uri), uri, one.label, one.split))
    return Source(root, candidates, given)


def _below(base: Place, text: str) -> Place:
    if isinstance(base, Path):
        return (base / text).resolve()
    scheme, _, path = str(base).partition("://")
    return RemoteFile(f"{scheme}://{posixpath.normpath(f'{path}/{text}')}")
