"""What models were trained on: every picture's content, label and split, kept whole under its fingerprint."""

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from databases.errors import DamagedDataset, UnknownDataset
from databases.models import DatasetVersion, Model

SHORTEST = 4  # characters that name a data set
# A label may hold any character, a line break too.
LINE = re.compile(r"([0-9a-f]{64})\t(.*?)\t(train|val|test)\n(?=[0-9a-f]{64}\t|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Member:
    """A picture of a data set. Copies of it are members too."""

    sha256: str
    label: str
    split: str


@dataclass(frozen=True)
class Kept:
    """A data set that is kept. `models` are the versions that were trained on it."""

    fingerprint: str
    task: str
    pictures: int
    created_at: datetime
    models: tuple[str, ...]


def fingerprint(members: Iterable[Member]) -> str:
    """SHA-256 over the sorted lines of content hash, label and split: the same pictures give the same,
    wherever they lie."""
    return _digest(_text(members))


def record(session: Session, task: str, members: Iterable[Member]) -> str:
    """Keeps a data set, unless it is kept already; returns its fingerprint."""
    members = list(members)
    text = _text(members)
    key = _digest(text)
    if not session.scalar(select(exists().where(DatasetVersion.fingerprint == key))):
        values = {"fingerprint": key, "task": task, "pictures": len(members), "members": zlib.compress(text)}
        session.execute(insert(DatasetVersion), [values])
    return key


def read_members(session: Session, key: str) -> list[Member]:
    """The data set with a fingerprint, in the order of its lines.

    Raises:
        UnknownDataset: it is not kept.
        DamagedDataset: what is kept has another fingerprint.
    """
    compressed = session.scalar(select(DatasetVersion.members).where(DatasetVersion.fingerprint == key))
    if compressed is None:
        raise UnknownDataset(f"data set {key[:12]} is not kept; see: menagerie data list")
    try:
        text = zlib.decompress(compressed)
    except zlib.error as error:
        raise DamagedDataset(f"data set {key[:12]} is damaged in the database: {error}") from error
    if _digest(text) != key:
        raise DamagedDataset(f"data set {key[:12]} is damaged in the database: its fingerprint is another")
    return [Member(*line) for line in LINE.findall(text.decode())]


def size_of(session: Session, key: str) -> tuple[int, datetime] | None:
    """How many pictures a data set has and since when it is kept; None where it is not."""
    query = select(DatasetVersion.pictures, DatasetVersion.created_at)
    row = session.execute(query.where(DatasetVersion.fingerprint == key)).one_or_none()
    return None if row is None else (row[0], row[1])


def find_kept(session: Session, prefix: str) -> Kept:
    """The one data set that is kept whose fingerprint begins so.

    Raises:
        UnknownDataset: there is none, or several.
    """
    long_enough = len(prefix) >= SHORTEST
    found = [one for one in list_kept(session) if long_enough and one.fingerprint.startswith(prefix.lower())]
    if not found:
        raise UnknownDataset(f"no model and no data set is called {prefix!r}; see: menagerie data list")
    if len(found) > 1:
        raise UnknownDataset(f"several data sets begin with {prefix!r}; see: menagerie data list")
    return found[0]


def list_kept(session: Session, task: str | None = None) -> list[Kept]:
    """The data sets that are kept, of one task or all, newest first."""
    query = select(
        DatasetVersion.fingerprint, DatasetVersion.task, DatasetVersion.pictures, DatasetVersion.created_at
    ).order_by(DatasetVersion.created_at.desc())
    if task is not None:
        trained = select(Model.dataset_fingerprint).where(Model.task == task)
        query = query.where((DatasetVersion.task == task) | DatasetVersion.fingerprint.in_(trained))
    models = session.execute(select(Model.dataset_fingerprint, Model.version).order_by(Model.id)).all()
    return [
        Kept(*row, tuple(name for key, name in models if key == row[0])) for row in session.execute(query)
    ]


def models_without(session: Session, task: str | None = None) -> list[str]:
    """The versions of models whose data set is known by its fingerprint alone: it was not kept then."""
    kept = exists().where(DatasetVersion.fingerprint == Model.dataset_fingerprint)
    query = select(Model.version).where(Model.dataset_fingerprint.is_not(None), ~kept).order_by(Model.id)
    return list(session.scalars(query if task is None else query.where(Model.task == task)))


def _text(members: Iterable[Member]) -> bytes:
    return "".join(sorted(f"{one.sha256}\t{one.label}\t{one.split}\n" for one in members)).encode()


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
