"""Promotions that nobody overtook, and who made them, on both databases."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import promotions, registry
from databases.errors import Overtaken
from databases.promotions import record_promotion, record_rollback
from tests.databases.filling import register


@pytest.fixture
def three(engine: Engine) -> Engine:
    with Session(engine) as session, session.begin():
        for version in ("a", "b", "c"):
            register(session, version)
        register(session, "bird", task="birds")
    return engine


def told(engine: Engine, limit: int = 10) -> list[tuple[str, str, str | None]]:
    with Session(engine) as session:
        return [(one.kind, one.version, one.by) for one in promotions.history(session, "pets", limit)]


def test_who_promoted_and_who_took_it_back_is_told_newest_first(three: Engine) -> None:
    record_promotion(three, "a", None)
    record_promotion(three, "bird", None)
    champion = record_promotion(three, "b", "a", by="Ada")
    assert champion.state == "champion"
    with Session(three) as session:
        before = registry.get_model(session, "a")
    assert record_rollback(three, champion, before, by="Grace").version == "a"
    assert told(three) == [
        ("rolled_back", "b", "Grace"),
        ("promoted", "b", "Ada"),
        ("promoted", "a", None),
    ]
    assert told(three, limit=1) == [("rolled_back", "b", "Grace")]


def test_a_champion_is_not_promoted_again(three: Engine) -> None:
    record_promotion(three, "a", None)
    record_promotion(three, "a", None)
    assert told(three) == [("promoted", "a", None)]


def test_one_that_was_compared_with_another_champion_is_not_promoted_unless_forced(three: Engine) -> None:
    record_promotion(three, "a", None)
    record_promotion(three, "b", "a")
    with pytest.raises(Overtaken, match="b was promoted while c was compared"):
        record_promotion(three, "c", "a")
    assert record_promotion(three, "c", "a", force=True).state == "champion"


def test_a_champion_that_came_meanwhile_is_not_rolled_back(three: Engine) -> None:
    first = record_promotion(three, "a", None)
    second = record_promotion(three, "b", "a")
    record_promotion(three, "c", "b")
    with pytest.raises(Overtaken, match="c became the champion of 'pets' while a was checked"):
        record_rollback(three, second, first)
