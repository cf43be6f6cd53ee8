"""Who becomes the champion, recorded only if nobody else changed that meanwhile; and who was, when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from databases import registry
from databases.errors import Overtaken
from databases.models import Model, Promotion
from databases.registry import RegisteredModel


@dataclass(frozen=True)
class Event:
    """A promotion of `version`, or that it was taken back. `by`: whose key it was, or what they called
    themselves; None on the command line."""

    kind: Literal["promoted", "rolled_back"]
    version: str
    at: datetime
    by: str | None


def record_promotion(
    engine: Engine, version: str, before: str | None, *, force: bool = False, by: str | None = None
) -> RegisteredModel:
    """Makes a checked bundle the champion of its task, unless it is. `before`: the champion that it was
    compared with, if there was one.

    Raises:
        UnknownModel: there is no such bundle.
        Overtaken: another one is the champion now, and `force` was not said.
    """
    with Session(engine) as session, session.begin():
        registry.lock(session)
        champion = registry.champion(session, registry.get_model(session, version).task)
        if champion is None or champion.version != version:
            if champion is not None and not force and before != champion.version:
                raise Overtaken(
                    f"{champion.version} was promoted while {version} was compared with its predecessor; "
                    f"compare again: menagerie models promote {version}"
                )
            registry.promote(session, version, by)
        return registry.get_model(session, version)


def record_rollback(
    engine: Engine, champion: RegisteredModel, before: RegisteredModel, by: str | None = None
) -> RegisteredModel:
    """Takes the promotion of `champion` back, so that `before`, which was checked, serves again.

    Raises:
        UnknownModel: there is no earlier champion any more.
        Overtaken: somebody promoted or rolled back meanwhile.
    """
    task = champion.task
    with Session(engine) as session, session.begin():
        registry.lock(session)
        now = registry.champion_and_before(session, task)
        if [one.version for one in now] != [champion.version, before.version]:
            raise Overtaken(
                f"{now[0].version} became the champion of {task!r} while {before.version} was checked; "
                "nothing was rolled back"
            )
        return registry.rollback(session, task, by)


def history(session: Session, task: str, limit: int) -> list[Event]:
    """The last promotions of a task, and what was taken back of them, newest first."""
    rows = session.execute(
        select(Promotion, Model.version)
        .join(Model, Model.id == Promotion.model_id)
        .where(Promotion.task == task)
        .order_by(Promotion.id.desc())
        .limit(limit)
    )
    events = []
    for promotion, version in rows:
        events.append(Event("promoted", version, promotion.promoted_at, promotion.made_by))
        if promotion.rolled_back_at is not None:
            events.append(Event("rolled_back", version, promotion.rolled_back_at, promotion.rolled_back_by))
    return sorted(events, key=lambda one: one.at, reverse=True)[:limit]
