"""What a database says lies beside it in files: bundles, and the pictures of its roots.

It reads columns that every version of the schema has, so that an older database can be asked too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alembic.runtime.migration import MigrationContext
from sqlalchemy import ColumnElement, Connection, and_, exists, func, inspect, select, update

from databases.models import Image, Model, Promotion, Root
from databases.places import Place, RemoteFile, content_root, content_uri, is_url, source_of, store_of

READ_AT_ONCE = 2000


@dataclass(frozen=True)
class HeldBundle:
    """`uri` is relative to the folder of bundles. `serves`: whether it is the champion of its task."""

    version: str
    uri: str
    serves: bool


@dataclass(frozen=True)
class HeldRoot:
    """`place`: where its pictures are read, and `folder`, None where that is no local folder. `sent`: whether
    they are what people sent to the service."""

    id: int
    name: str
    task: str
    uri: str
    sent: bool

    @property
    def place(self) -> Place:
        base = store_of(self.uri) or self.uri
        return RemoteFile(base) if is_url(base) else Path(base)

    @property
    def folder(self) -> Path | None:
        return self.place if isinstance(self.place, Path) else None


def revision(connection: Connection) -> str | None:
    """The version of the schema; None where there is none."""
    return MigrationContext.configure(connection).get_current_revision()


def bundles(connection: Connection) -> list[HeldBundle]:
    """All of the registry, the oldest first."""
    standing = select(Promotion.task, Promotion.model_id).where(Promotion.rolled_back_at.is_(None))
    champions = dict(connection.execute(standing.order_by(Promotion.id)).all())
    rows = connection.execute(select(Model.id, Model.version, Model.bundle_uri).order_by(Model.id))
    return [HeldBundle(version, uri, id_ in champions.values()) for id_, version, uri in rows]


def roots(connection: Connection) -> list[HeldRoot]:
    marked = any(column["name"] == "sent" for column in inspect(connection).get_columns(Root.__tablename__))
    sent = (Root.sent if marked else _will_be_marked()).label("sent")
    rows = connection.execute(select(Root.id, Root.name, Root.task, Root.uri, sent).order_by(Root.id))
    return [HeldRoot(*row) for row in rows]


def _will_be_marked() -> ColumnElement[bool]:
    """What the migration that brings the column takes for them: before, nothing told them apart
    but the name, the folder's name, and that a file there is called by its content."""
    called_otherwise = exists().where(
        Image.root_id == Root.id,
        Image.sha256.is_not(None),
        func.substr(Image.uri, 1, 65) != Image.sha256 + ".",
    )
    last = func.substr(Root.uri, func.length(Root.uri) - func.length(Root.task))
    return and_(Root.name == Root.task + "-uploads", last == "/" + Root.task, ~called_otherwise)


def files(connection: Connection, root: HeldRoot) -> Iterator[tuple[str, str | None]]:
    """Where the sound pictures of a root lie below its folder, each file once, with its content's hash."""
    copied = store_of(root.uri) is not None
    query = select(Image.uri, Image.sha256, Image.format).where(
        Image.root_id == root.id, Image.status == "ok"
    )
    seen: set[str] = set()
    found = connection.execution_options(yield_per=READ_AT_ONCE).execute(query.order_by(Image.id))
    for uri, sha256, format in found:
        path = content_uri(sha256 or "", format or "") if copied else uri
        if path not in seen and _stays_below(path):
            seen.add(path)
            yield path, sha256


def move_root(connection: Connection, root: HeldRoot, folder: Place) -> None:
    """Has the pictures of a root be read from `folder`."""
    copied = store_of(root.uri) is not None
    uri = content_root(str(folder), source_of(root.uri)) if copied else str(folder)
    connection.execute(update(Root).where(Root.id == root.id).values(uri=uri))


def _stays_below(path: str) -> bool:
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts
