"""Pictures that people sent to the service and let it keep: a root of their task like any other, but nobody
has said yet what they show."""

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, true, update
from sqlalchemy.orm import Session

from databases import library
from databases.errors import RootConflict
from databases.labelling import read_labelling
from databases.library import LibraryImage
from databases.models import Image, Root, now
from databases.parts import parts

# Made once: every search asks for it.
ROOT_OF_TASK = select(Root.id).where(Root.task == bindparam("task"), Root.sent)


def root_id(session: Session, task: str) -> int | None:
    """The root of the pictures that people sent for a task; None as long as nobody did."""
    return session.scalar(ROOT_OF_TASK, {"task": task})


def find(session: Session, task: str, sha256: str) -> int | None:
    """The id of a task's sound picture with this content, the lowest of several; an excluded one too."""
    query = select(Image.id).join(Root).where(Root.task == task, Image.sha256 == sha256, Image.status == "ok")
    return session.scalar(query.order_by(Image.id).limit(1))


def seen(session: Session, task: str, *, sent: bool) -> ColumnElement[bool]:
    """Which of a task's pictures may be seen: all but those that people sent and of which nobody has said yet
    what they show; where `sent`, as for whoever is to say that, these too."""
    root = None if sent else root_id(session, task)
    return true() if root is None else or_(Image.label.is_not(None), Image.root_id != root)


def waits(image: LibraryImage) -> bool:
    """Whether somebody sent it, and nobody has said yet what it shows: see `seen`."""
    return image.label is None and image.sent


def unexamined(session: Session, task: str) -> list[LibraryImage]:
    """The task's pictures that people sent, and that nobody has looked at since, by id."""
    query = select(Image.id).join(Root).where(Root.task == task, Root.sent)
    fresh = query.where(Image.usable, Image.compared.is_(None), Image.perceptual_hash.is_(None))
    ids = list(session.scalars(fresh.order_by(Image.id)))
    return [image for some in parts(ids) for image in library.find_images(session, some).values()]


def total_bytes(session: Session, folder: str) -> int:
    """Of all pictures of roots below `folder`."""
    below = Root.uri.startswith(f"{folder}/", autoescape=True)
    query = select(func.coalesce(func.sum(Image.bytes), 0)).join(Root)
    return session.scalar(query.where(below, Image.status == "ok")) or 0


def add(session: Session, task: str, folder: str, picture: Mapping[str, Any]) -> int:
    """Takes a picture that lies in `folder` into the library; its id.

    `picture` has a row's values, `uri` and `sha256` among them. Its label is what people decided on the same
    content before, and none where they did not; what else an ingest tells of a picture, the next one adds.

    To be called once `lock_labels` has seen to it that nobody else adds one.

    Raises:
        RootConflict: the task's uploads lie in another folder.
    """
    root = _root(session, task, folder)
    sha256 = str(picture["sha256"])
    standing = read_labelling(session, task, [sha256]).of(None, sha256)
    row: dict[str, Any] = {"root_id": root, "status": "ok", "reason": None, "ingested_at": now()}
    row |= dict(picture) | vars(standing)
    known = session.scalar(select(Image.id).where(Image.root_id == root, Image.uri == picture["uri"]))
    if known is not None:  # its file was lost
        session.execute(update(Image).where(Image.id == known).values(row))
        return known
    return session.scalars(insert(Image).returning(Image.id), [row]).one()


def _root(session: Session, task: str, folder: str) -> int:
    """The id of the root for what people send, made where there is none."""
    root = session.scalar(select(Root).where(Root.task == task, Root.sent))
    if root is None:
        root = Root(name=_free_name(session, task), uri=folder, task=task, sent=True)
        session.add(root)
        session.flush()
    elif root.uri != folder:
        raise RootConflict(f"what people sent for task {task!r} lies in {root.uri}, not in {folder}")
    return root.id


def _free_name(session: Session, task: str) -> str:
    """People may call folders of their own so, too."""
    name = f"{task}-uploads"
    taken = set(session.scalars(select(Root.name).where(Root.name.startswith(name, autoescape=True))))
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(one for one in names if one not in taken)
