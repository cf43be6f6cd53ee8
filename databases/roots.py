"""Queries on the roots: what was ingested, and no longer is to be known."""

from dataclasses import dataclass

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from databases.errors import UnknownRoot
from databases.labelling import lock_labels
from databases.models import Image, Root
from databases.places import source_of, store_of


@dataclass(frozen=True)
class KnownRoot:
    """`place`: where the pictures that were ingested lay, of a table the folder that all of them are in.
    `store`: where they were copied to and are read, None where that was not asked for. `pictures` are in use,
    of so many `files`; these count missing ones too."""

    name: str
    task: str
    place: str
    store: str | None
    pictures: int
    files: int


def list_roots(session: Session) -> list[KnownRoot]:
    """All roots, by task and name."""
    used = func.count(case((Image.usable, 1)))
    query = (
        select(Root.name, Root.task, Root.uri, used, func.count(Image.id))
        .outerjoin(Image, Image.root_id == Root.id)
        .group_by(Root.id, Root.name, Root.task, Root.uri)
    )
    rows = session.execute(query.order_by(Root.task, Root.name))
    return [
        KnownRoot(name, task, source_of(uri), store_of(uri), used, files)
        for name, task, uri, used, files in rows
    ]


def find_root(session: Session, name: str) -> KnownRoot:
    """The root called `name`.

    Raises:
        UnknownRoot: there is none.
    """
    known = list_roots(session)
    for root in known:
        if root.name == name:
            return root
    there = f"there are: {', '.join(sorted(root.name for root in known))}" if known else "there is none yet"
    raise UnknownRoot(f"no root is called {name!r}; {there}")


def forget_root(session: Session, name: str) -> None:
    """Deletes a root with its pictures' rows and embeddings.

    What people decided is kept, being of a task and by content: it holds again where the pictures come back.
    """
    root = find_root(session, name)
    lock_labels(session, root.task)
    root_id = select(Root.id).where(Root.name == name).scalar_subquery()
    session.execute(delete(Image).where(Image.root_id == root_id))
    session.execute(delete(Root).where(Root.name == name))
