"""Queries on the registry: which bundles there are, and which one of a task serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from databases.errors import UnknownModel
from databases.models import Model, Promotion, now

# PostgreSQL's advisory lock on the registry; SQLite has one writer anyway.
LOCK_KEY = 0x72656769

State = Literal["candidate", "champion", "retired"]


@dataclass(frozen=True)
class RegisteredModel:
    """A bundle of the registry. `bundle_uri` is relative to the folder of bundles."""

    id: int
    version: str
    task: str
    architecture: str
    bundle_uri: str
    labels: tuple[str, ...]
    metrics: Mapping[str, Any] | None
    dataset_fingerprint: str | None
    embedder: str
    state: State
    created_at: datetime
    promoted_at: datetime | None


class Registrable(Protocol):
    """What a bundle's manifest says that the registry keeps."""

    @property
    def version(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def architecture(self) -> str: ...
    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def dataset_fingerprint(self) -> str | None: ...
    @property
    def embedder(self) -> str: ...


def lock(session: Session) -> None:
    """Until this transaction ends nobody else registers or promotes. To be called first in it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK_KEY)))
    else:
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")


def register(session: Session, bundle: Registrable, metrics: Mapping[str, Any] | None) -> RegisteredModel:
    """Adds a bundle, as a candidate. It lies in the folder of bundles under the name of its version."""
    row = Model(
        version=bundle.version,
        task=bundle.task,
        architecture=bundle.architecture,
        bundle_uri=bundle.version,
        labels=list(bundle.labels),
        metrics=None if metrics is None else dict(metrics),
        dataset_fingerprint=bundle.dataset_fingerprint,
        embedder=bundle.embedder,
    )
    session.add(row)
    session.flush()
    return get_model(session, bundle.version)


def record_metrics(session: Session, version: str, metrics: Mapping[str, Any]) -> None:
    """Replaces the metrics that the registry shows for a bundle."""
    session.execute(update(Model).where(Model.version == version).values(metrics=dict(metrics)))


def list_models(session: Session, task: str | None = None) -> list[RegisteredModel]:
    """All bundles, or those of one task, newest first."""
    query = select(Model).order_by(Model.id.desc())
    if task is not None:
        query = query.where(Model.task == task)
    promotions = session.scalars(select(Promotion).order_by(Promotion.id)).all()
    return [_registered(row, promotions) for row in session.scalars(query)]


def get_model(session: Session, version: str) -> RegisteredModel:
    """The bundle called `version`.

    Raises:
        UnknownModel: there is none.
    """
    row = session.scalar(select(Model).where(Model.version == version))
    if row is None:
        raise UnknownModel(f"no model is called {version!r}; see: menagerie models list")
    promotions = session.scalars(
        select(Promotion).where(Promotion.task == row.task).order_by(Promotion.id)
    ).all()
    return _registered(row, promotions)


def champion(session: Session, task: str | None = None) -> RegisteredModel | None:
    """The champion of a task; with no task named, that of the task which was promoted to last."""
    query = (
        select(Model.version)
        .join(Promotion, Promotion.model_id == Model.id)
        .where(Promotion.rolled_back_at.is_(None))
        .order_by(Promotion.id.desc())
        .limit(1)
    )
    if task is not None:
        query = query.where(Promotion.task == task)
    version = session.scalar(query)
    return None if version is None else get_model(session, version)


def champions(session: Session, task: str, most: int) -> list[RegisteredModel]:
    """The champion of a task, then those to which rollbacks would lead, each once: at most `most`."""
    standing = (
        select(Model.version)
        .join(Promotion, Promotion.model_id == Model.id)
        .where(Promotion.task == task, Promotion.rolled_back_at.is_(None))
        .order_by(Promotion.id.desc())
    )
    versions = list(dict.fromkeys(session.scalars(standing)))
    return [get_model(session, version) for version in versions[:most]]


def promoted_tasks(session: Session) -> list[str]:
    """The tasks that have a champion, by name."""
    query = select(Promotion.task).where(Promotion.rolled_back_at.is_(None)).distinct()
    return list(session.scalars(query.order_by(Promotion.task)))


def nothing_promoted(session: Session, task: str | None) -> str:
    """Says that a task has no champion, and which tasks have one."""
    known = promoted_tasks(session)
    if task is None or not known:
        return "no model was promoted yet"
    return f"no model of task {task!r} was promoted; there are some of: {', '.join(known)}"


def promote(session: Session, version: str, by: str | None = None) -> None:
    """Makes a bundle the champion of its task: one row, so it happens wholly or not at all. `by`: who did."""
    model = get_model(session, version)
    session.add(Promotion(task=model.task, model_id=model.id, made_by=by))
    session.flush()


def rollback(session: Session, task: str, by: str | None = None) -> RegisteredModel:
    """Takes the last promotion of a task back and returns the champion before it.

    Raises:
        UnknownModel: it has no champion, or no earlier one is left to go back to.
    """
    last, _ = _last_two(session, task)
    last.rolled_back_at, last.rolled_back_by = now(), by
    session.flush()
    before = champion(session, task)
    assert before is not None
    return before


def champion_and_before(session: Session, task: str) -> tuple[RegisteredModel, RegisteredModel]:
    """The champion of a task, and the one that `rollback` would go back to.

    Raises:
        UnknownModel: it has no champion, or no earlier one is left to go back to.
    """
    last, before = (session.get_one(Model, promotion.model_id) for promotion in _last_two(session, task))
    return get_model(session, last.version), get_model(session, before.version)


def versions(session: Session) -> set[str]:
    """The names of all bundles."""
    return set(session.scalars(select(Model.version)))


def _last_two(session: Session, task: str) -> tuple[Promotion, Promotion]:
    """The promotions of a task that stand, the last one first."""
    standing = session.scalars(
        select(Promotion)
        .where(Promotion.task == task, Promotion.rolled_back_at.is_(None))
        .order_by(Promotion.id.desc())
        .limit(2)
    ).all()
    if not standing:
        raise UnknownModel(nothing_promoted(session, task))
    if len(standing) < 2:
        raise UnknownModel(f"task {task!r} has no earlier champion to go back to; see: menagerie models list")
    return standing[0], standing[1]


def _registered(row: Model, promotions: Sequence[Promotion]) -> RegisteredModel:
    of_task = [p for p in promotions if p.task == row.task]
    standing = [p for p in of_task if p.rolled_back_at is None]
    mine = [p.promoted_at for p in of_task if p.model_id == row.id]
    state: State = "retired" if mine else "candidate"
    if standing and standing[-1].model_id == row.id:
        state = "champion"
    return RegisteredModel(
        id=row.id,
        version=row.version,
        task=row.task,
        architecture=row.architecture,
        bundle_uri=row.bundle_uri,
        labels=tuple(row.labels),
        metrics=row.metrics,
        dataset_fingerprint=row.dataset_fingerprint,
        embedder=row.embedder,
        state=state,
        created_at=row.created_at,
        promoted_at=mine[-1] if mine else None,
    )
