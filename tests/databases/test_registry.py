"""Which bundles there are, and which of them serves, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from databases import registry
from databases.errors import UnknownModel
from tests.databases.filling import Bundle, register


def champion_of(session: Session, task: str | None = None) -> str | None:
    found = registry.champion(session, task)
    return None if found is None else found.version


def states(session: Session, task: str | None = None) -> dict[str, str]:
    return {model.version: model.state for model in registry.list_models(session, task)}


def promote(session: Session, *versions: str) -> None:
    for version in versions:
        registry.promote(session, version)


def test_a_new_bundle_is_a_candidate_with_what_its_manifest_says(session: Session) -> None:
    bundle = Bundle("pets-1", labels=("cat", "dog", "owl"), dataset_fingerprint="f" * 64)
    model = registry.register(session, bundle, {"accuracy": 0.75, "interval": [0.5, 0.9]})
    assert (model.version, model.task, model.state) == ("pets-1", "pets", "candidate")
    assert (model.labels, model.bundle_uri) == (("cat", "dog", "owl"), "pets-1")
    assert (model.metrics, model.dataset_fingerprint) == (
        {"accuracy": 0.75, "interval": [0.5, 0.9]},
        "f" * 64,
    )
    assert abs(model.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert model.promoted_at is None
    assert champion_of(session) is None


def test_a_version_is_registered_only_once(session: Session) -> None:
    register(session, "pets-1")
    with pytest.raises(IntegrityError):
        register(session, "pets-1")


def test_models_are_listed_newest_first_and_by_task(session: Session) -> None:
    register(session, "pets-1")
    register(session, "birds-1", task="birds")
    register(session, "pets-2")
    assert list(states(session)) == ["pets-2", "birds-1", "pets-1"]
    assert list(states(session, "pets")) == ["pets-2", "pets-1"]
    assert registry.versions(session) == {"pets-1", "pets-2", "birds-1"}


def test_each_task_has_its_own_champion_and_the_last_promoted_task_stands_for_all(session: Session) -> None:
    for version, task in (("pets-1", "pets"), ("birds-1", "birds"), ("pets-2", "pets")):
        register(session, version, task=task)
    promote(session, "pets-1", "birds-1")
    assert champion_of(session) == "birds-1"
    promote(session, "pets-2")
    assert champion_of(session) == "pets-2"
    assert champion_of(session, "pets") == "pets-2"
    assert champion_of(session, "birds") == "birds-1"
    assert champion_of(session, "fish") is None
    assert states(session) == {"pets-1": "retired", "pets-2": "champion", "birds-1": "champion"}


def test_promotions_are_taken_back_one_by_one_down_to_the_first(session: Session) -> None:
    for version in ("a", "b", "c"):
        register(session, version)
    promote(session, "a", "b", "c")
    assert registry.rollback(session, "pets").version == "b"
    assert states(session) == {"a": "retired", "b": "champion", "c": "retired"}
    assert registry.rollback(session, "pets").version == "a"
    with pytest.raises(UnknownModel, match="task 'pets' has no earlier champion to go back to"):
        registry.rollback(session, "pets")
    assert champion_of(session) == "a"


def test_what_was_rolled_back_can_be_promoted_again(session: Session) -> None:
    register(session, "a")
    register(session, "b")
    promote(session, "a", "b")
    registry.rollback(session, "pets")
    promote(session, "b")
    assert states(session) == {"a": "retired", "b": "champion"}
    assert registry.rollback(session, "pets").version == "a"


def test_an_earlier_champion_that_returns_can_be_rolled_back_too(session: Session) -> None:
    register(session, "a")
    register(session, "b")
    promote(session, "a", "b", "a")
    assert champion_of(session) == "a"
    assert registry.rollback(session, "pets").version == "b"


def test_a_rollback_touches_its_own_task_alone(session: Session) -> None:
    for version, task in (("pets-1", "pets"), ("pets-2", "pets"), ("birds-1", "birds")):
        register(session, version, task=task)
    promote(session, "pets-1", "pets-2", "birds-1")
    registry.rollback(session, "pets")
    assert champion_of(session, "birds") == "birds-1"
    with pytest.raises(UnknownModel, match="'birds'"):
        registry.rollback(session, "birds")


def test_a_champion_knows_since_when(session: Session) -> None:
    register(session, "a")
    promote(session, "a")
    promoted_at = registry.get_model(session, "a").promoted_at
    assert promoted_at is not None
    assert abs(promoted_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_rollback_that_was_not_committed_never_happened(session: Session) -> None:
    register(session, "a")
    register(session, "b")
    promote(session, "a", "b")
    session.commit()
    registry.rollback(session, "pets")
    session.rollback()
    assert champion_of(session) == "b"


def test_metrics_are_replaced_for_one_model(session: Session) -> None:
    register(session, "a")
    register(session, "b")
    registry.record_metrics(session, "a", {"accuracy": 0.5})
    assert registry.get_model(session, "a").metrics == {"accuracy": 0.5}
    assert registry.get_model(session, "b").metrics is None


def test_an_unknown_version_is_named(session: Session) -> None:
    with pytest.raises(UnknownModel, match="no model is called 'pets-9'; see: menagerie models list"):
        registry.get_model(session, "pets-9")
    with pytest.raises(UnknownModel, match="pets-9"):
        registry.promote(session, "pets-9")
