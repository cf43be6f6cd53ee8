"""Pictures by their content: as people name them, and where they lie."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from databases.errors import UnknownPicture
from databases.models import Image, Root
from databases.parts import parts

SHORTEST_HASH = 6  # characters
SHOWN = 3


@dataclass(frozen=True)
class File:
    """A file of the library. `sha256` is None where it could never be read."""

    id: int
    path: str
    sha256: str | None


def find_content(session: Session, task: str, name: str) -> str:
    """The content hash of the picture that a person names: by its path, its id, the beginning of its content
    hash, or its file's name.

    Raises:
        UnknownPicture: the task has none, or several different ones, of that name; or it cannot be read.
    """
    for condition in _readings(session, task, name):
        if files := _files(session, task, condition):
            return _only(name, files)
    raise UnknownPicture(
        f"task {task!r} has no picture {name!r}: name it by its path, its id, or {SHORTEST_HASH} or more "
        "characters of its content hash"
    )


def files_of(session: Session, task: str, sha256s: Iterable[str]) -> dict[str, list[str]]:
    """Where the library knows pictures to lie, by their content hashes."""
    wanted = list(sha256s)
    found: dict[str, list[str]] = {}
    for some in parts(wanted):
        for file in _files(session, task, and_(Image.sha256.in_(some), Image.status != "missing")):
            found.setdefault(str(file.sha256), []).append(file.path)
    return found


@dataclass(frozen=True)
class KnownAs:
    """A picture of the library, by a name that people can read."""

    id: int
    file_name: str


def contents(session: Session, task: str, image_ids: Sequence[int]) -> dict[int, str]:
    """The content hashes of those among `image_ids` that are sound pictures of a task, excluded ones too."""
    found: dict[int, str] = {}
    for some in parts(image_ids):
        rows = session.execute(
            select(Image.id, Image.sha256)
            .join(Root)
            .where(Root.task == task, Image.id.in_(some), Image.status == "ok", Image.sha256.is_not(None))
        )
        found.update((image_id, sha256) for image_id, sha256 in rows if sha256 is not None)
    return found


def known_as(session: Session, task: str, sha256s: Iterable[str]) -> dict[str, KnownAs]:
    """A sound picture of a task for each of these content hashes that it has: that with the lowest id."""
    wanted = list(sha256s)
    found: dict[str, KnownAs] = {}
    for some in parts(wanted):
        rows = session.execute(
            select(Image.sha256, Image.id, Image.file_name)
            .join(Root)
            .where(Root.task == task, Image.sha256.in_(some), Image.status == "ok")
            .order_by(Image.id)
        )
        for sha256, image_id, file_name in rows:
            found.setdefault(str(sha256), KnownAs(image_id, file_name))
    return found


def _readings(session: Session, task: str, name: str) -> Iterator[ColumnElement[bool]]:
    """What a name may mean, the likeliest first."""
    yield _at_path(session, task, name)
    if name.isdecimal() and len(name) < 10:
        yield Image.id == int(name)
    if re.fullmatch(rf"[0-9a-f]{{{SHORTEST_HASH},64}}", name.lower()):
        yield Image.sha256.startswith(name.lower())
    yield Image.file_name == name


def _at_path(session: Session, task: str, name: str) -> ColumnElement[bool]:
    """A path from here, or a URI, under one of the task's roots; or from such a root."""
    path = Path(name)
    whole = {name, str(path.absolute()), str(path.parent.resolve() / path.name)}
    under = [
        and_(Image.root_id == root_id, Image.uri == one.removeprefix(f"{uri}/"))
        for root_id, uri in session.execute(select(Root.id, Root.uri).where(Root.task == task))
        for one in whole
        if one.startswith(f"{uri}/")
    ]
    return or_(Image.uri == name, *under)


def _files(session: Session, task: str, condition: ColumnElement[bool]) -> list[File]:
    rows = session.execute(
        select(Image.id, Root.uri, Image.uri, Image.sha256)
        .join(Root)
        .where(Root.task == task, condition)
        .order_by(Image.id)
    )
    return [File(image_id, f"{root}/{uri}", sha256) for image_id, root, uri, sha256 in rows]


def _only(name: str, files: Sequence[File]) -> str:
    contents = {file.sha256: file for file in files if file.sha256 is not None}
    if not contents:
        raise UnknownPicture(f"{files[0].path} could never be read: there is nothing to decide on it")
    if len(contents) > 1:
        shown = ", ".join(f"{file.path} (id {file.id})" for file in list(contents.values())[:SHOWN])
        more = f" and {len(contents) - SHOWN} more" if len(contents) > SHOWN else ""
        raise UnknownPicture(f"{name!r} may be {shown}{more}: name it by its id")
    return next(iter(contents))
