"""How many decisions wait for the next training."""

from datetime import UTC, datetime, timedelta

from frontend.decisions import Decision
from frontend.learning import COUNTED, told, waiting
from tests.frontend.at_the_page import command

NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
TASK = "my cats"


def made(days_after: int, *, undone: bool = False) -> Decision:
    at = NEWEST + timedelta(days=days_after)
    undone_at = at if undone else None
    rest = {"id": 1, "image_id": 1, "file_name": "1.jpg", "kind": "exclude", "label": None, "by": "Ann"}
    return Decision.model_validate(rest | {"made_at": at, "undone_at": undone_at})


def test_what_was_decided_before_the_newest_model_or_taken_back_does_not_wait() -> None:
    waits = waiting([made(3), made(2, undone=True), made(1), made(-1)], NEWEST)
    assert "<b>2 decisions wait</b>" in told(waits, TASK)
    assert command("menagerie train --task &#x27;my cats&#x27;") in told(waits, TASK)
    assert "learnt from all decisions" in told(waiting([made(-1)], NEWEST), TASK)


def test_more_decisions_than_were_counted_are_told_as_more() -> None:
    many = [made(1)] * COUNTED
    assert "More than 100 decisions wait" in told(waiting(many, NEWEST), TASK)
    assert "<b>99 decisions wait" in told(waiting([*many[1:], made(-1)], NEWEST), TASK)
    assert "More than 100" in told(waiting(many, None), TASK)
