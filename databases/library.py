"""Queries on the library: roots, pictures, labels and splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.orm import Session

from databases.errors import RootConflict
from databases.models import Image, Root
from databases.parts import parts
from databases.places import Place, place_of, source_of

Split = Literal["train", "val", "test"]
Counts = dict[tuple[str | None, str | None], int]


def shown(group: int) -> str:
    """What the pictures of a duplicate group show."""
    return f"group {group}"


@dataclass(frozen=True)
class KnownFile:
    """What an earlier ingest wrote down of a file, to tell whether it has changed since."""

    id: int
    bytes: int
    modified_ns: int
    source_label: str | None
    split: str | None
    status: str


@dataclass(frozen=True)
class LibraryImage:
    """A picture of the library and where it lies. Width and height are in pixels, upright. `sent`: somebody
    let the service keep it."""

    id: int
    root: str
    root_uri: str
    uri: str
    file_name: str
    bytes: int
    width: int
    height: int
    format: str
    sha256: str
    label: str | None
    split: Split | None
    task: str
    duplicate_group: int | None = None
    sent: bool = False

    @property
    def shown(self) -> str:
        """What it shows: the same for copies, and for pictures found to show the same."""
        return self.sha256 if self.duplicate_group is None else shown(self.duplicate_group)

    @property
    def place(self) -> Place:
        """Where its bytes are read."""
        return place_of(self.root_uri, self.uri, self.sha256, self.format)


@dataclass(frozen=True)
class Refusal:
    """A file that is no usable picture, and why."""

    uri: str
    reason: str


def get_or_create_root(session: Session, name: str, uri: str, task: str) -> int:
    """The id of root `name`, made where it is new.

    Raises:
        RootConflict: the name is taken by another folder or task.
    """
    root = session.scalar(select(Root).where(Root.name == name))
    if root is None:
        root = Root(name=name, uri=uri, task=task)
        session.add(root)
        session.flush()
    elif root.uri != uri:
        raise RootConflict(
            f"the name {name!r} is taken by {root.uri}; give this folder another one with --name"
        )
    elif root.task != task:
        raise RootConflict(
            f"{source_of(root.uri)} was ingested for task {root.task!r}, not {task!r}: to have it in both, "
            "give it another name here with --name"
        )
    return root.id


def known_files(session: Session, root_id: int) -> dict[str, KnownFile]:
    """What is known of each URI of a root."""
    rows = session.execute(
        select(
            Image.uri, Image.id, Image.bytes, Image.modified_ns, Image.source_label, Image.split, Image.status
        ).where(Image.root_id == root_id)
    )
    return {row[0]: KnownFile(*row[1:]) for row in rows}


def add_images(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts new images; each row maps column names to values."""
    if rows:
        session.execute(insert(Image), list(rows))


def update_images(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Updates images by the `id` in each row."""
    if rows:
        session.execute(update(Image), list(rows))


def set_splits(session: Session, splits: Mapping[int, str]) -> None:
    """Puts pictures into splits, by id."""
    by_split: dict[str, list[int]] = {}
    for image_id, split in splits.items():
        by_split.setdefault(split, []).append(image_id)
    for split, ids in by_split.items():
        for some in parts(ids):
            session.execute(
                update(Image).where(Image.id.in_(some)).values(split=split),
                execution_options={"synchronize_session": False},
            )


def refusals(session: Session, root_id: int) -> list[Refusal]:
    """The files of a root that are no usable pictures, by URI."""
    rows = session.execute(
        select(Image.uri, Image.reason)
        .where(Image.root_id == root_id, Image.status == "invalid")
        .order_by(Image.uri)
    )
    return [Refusal(uri, reason or "unknown") for uri, reason in rows]


def task_refusals(session: Session, task: str | None = None) -> list[Refusal]:
    """The files of a task, or of all, that are no usable pictures; here `uri` is the whole path or URL."""
    query = select(Root.uri, Image.uri, Image.reason).join(Root).where(Image.status == "invalid")
    if task is not None:
        query = query.where(Root.task == task)
    rows = session.execute(query.order_by(Root.uri, Image.uri))
    return [Refusal(f"{source_of(root)}/{uri}", reason or "unknown") for root, uri, reason in rows]


def count_by_label_and_split(session: Session, root_id: int) -> Counts:
    """How many usable pictures a root has of each (label, split)."""
    return _count_by_label_and_split(session, Image.root_id == root_id)


def count_task_by_label_and_split(session: Session, task: str) -> Counts:
    """How many usable pictures a task has of each (label, split)."""
    return _count_by_label_and_split(session, Root.task == task)


def count_unsplit(session: Session, task: str) -> int:
    """How many usable pictures of a task have a label, but no split."""
    query = select(func.count()).select_from(Image).join(Root)
    lacking = (Image.usable, Image.label.is_not(None), Image.split.is_(None))
    return session.scalar(query.where(Root.task == task, *lacking)) or 0


def count_excluded(session: Session, task: str) -> int:
    """How many sound files of a task are not used."""
    query = select(func.count()).select_from(Image).join(Root)
    return session.scalar(query.where(Root.task == task, Image.status == "ok", Image.excluded)) or 0


def tasks(session: Session) -> list[str]:
    """The tasks that have usable pictures, by name."""
    usable = select(Image.id).where(Image.root_id == Root.id, Image.status == "ok").exists()
    return list(session.scalars(select(Root.task).where(usable).distinct().order_by(Root.task)))


def root_names(session: Session, task: str) -> set[str]:
    """The names of a task's roots."""
    return set(session.scalars(select(Root.name).where(Root.task == task)))


def root_images(session: Session, name: str) -> list[LibraryImage]:
    """All usable pictures of a root, by URI."""
    return _fetch(session, _usable().where(Root.name == name).order_by(Image.uri))


def task_images(session: Session, task: str) -> list[LibraryImage]:
    """All usable pictures of a task, by id."""
    return _fetch(session, _usable().where(Root.task == task).order_by(Image.id))


def unlabelled_images(session: Session, task: str) -> list[LibraryImage]:
    """The usable pictures of a task that have no label, by id."""
    return _fetch(session, _usable().where(Root.task == task, Image.label.is_(None)).order_by(Image.id))


def unused_splits(session: Session, task: str) -> dict[str, str]:
    """The splits of a task's pictures that are gone or excluded, by what each shows and by content hash."""
    rows = session.execute(
        select(Image.sha256, Image.duplicate_group, Image.split)
        .join(Root)
        .where(Root.task == task, ~Image.usable, Image.sha256.is_not(None), Image.split.is_not(None))
        .order_by(Image.id)
    )
    found: dict[str, str] = {}
    for sha256, group, split in rows:
        found |= {str(sha256): str(split)} | ({shown(group): str(split)} if group is not None else {})
    return found


def find_image(session: Session, image_id: int, *, excluded: bool = False) -> LibraryImage | None:
    """One usable picture, or, where `excluded` ones will do, one that decodes and is there; or None."""
    query = _sound() if excluded else _usable()
    return next(iter(_fetch(session, query.where(Image.id == image_id))), None)


def find_images(
    session: Session, image_ids: Sequence[int], *, excluded: bool = False
) -> dict[int, LibraryImage]:
    """The usable pictures among `image_ids`, by id; `excluded` ones too where they will do."""
    query = _sound() if excluded else _usable()
    return {image.id: image for image in _fetch(session, query.where(Image.id.in_(image_ids)))}


def still_there(session: Session, image_ids: Sequence[int]) -> set[int]:
    """Those among `image_ids` that the library has, used or not; none of them is deleted before the
    transaction ends, if it wrote before."""
    found: set[int] = set()
    for some in parts(image_ids):
        query = select(Image.id).where(Image.id.in_(some)).order_by(Image.id)
        found.update(session.scalars(query.with_for_update(read=True, key_share=True)))
    return found


def count_labels(session: Session, task: str) -> dict[str, int]:
    """How many usable pictures of a task carry each label."""
    rows = session.execute(
        select(Image.label, func.count())
        .join(Root)
        .where(Root.task == task, Image.usable, Image.label.is_not(None))
        .group_by(Image.label)
    )
    return {label: count for label, count in rows if label is not None}


def carries(session: Session, task: str, label: str) -> bool:
    """Whether any usable picture of a task carries a label."""
    query = select(Image.id).join(Root).where(Root.task == task, Image.label == label, Image.usable)
    return session.scalar(query.limit(1)) is not None


def labels(session: Session, task: str) -> set[str]:
    """The labels that a task's files carry, found, missing or excluded."""
    query = select(Image.label).join(Root).where(Root.task == task, Image.label.is_not(None))
    return {label for label in session.scalars(query.distinct()) if label is not None}


def _count_by_label_and_split(session: Session, condition: ColumnElement[bool]) -> Counts:
    rows = session.execute(
        select(Image.label, Image.split, func.count())
        .join(Root)
        .where(condition, Image.usable)
        .group_by(Image.label, Image.split)
    )
    return {(label, split): count for label, split, count in rows}


def _usable() -> Select[*tuple[Any, ...]]:
    return _sound().where(Image.excluded.is_(False))


def _sound() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Image.id,
            Root.name,
            Root.uri,
            Image.uri,
            Image.file_name,
            Image.bytes,
            Image.width,
            Image.height,
            Image.format,
            Image.sha256,
            Image.label,
            Image.split,
            Root.task,
            Image.duplicate_group,
            Root.sent,
        )
        .join(Root)
        .where(Image.status == "ok")
    )


def _fetch(session: Session, query: Select[*tuple[Any, ...]]) -> list[LibraryImage]:
    return [LibraryImage(*row) for row in session.execute(query)]
