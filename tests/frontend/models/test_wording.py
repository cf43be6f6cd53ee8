"""What is said of two models, and what is not."""

import pytest

from frontend.models import comparing
from frontend.models.answers import Comparison, DataChange, Event
from frontend.models.standing import champion_before
from tests.frontend.models.registry_stand_in import NO_DECISIONS, metrics, paired


def compared(**more: object) -> Comparison:
    sides = {
        key: {"version": name, "architecture": "x", "metrics": metrics()}
        for key, name in (("a", "A"), ("b", "B"))
    }
    rest = {"same_pictures": False, "paired": None, "data": None, "decisions": NO_DECISIONS}
    return Comparison.model_validate(sides | rest | more)


@pytest.mark.parametrize(
    ("a", "b", "p_value", "said"),
    [
        (
            90,
            94,
            0.29,
            "B is right on 4 more of 100 test pictures than A; chance could explain that (p = 0.29)",
        ),
        (
            90,
            70,
            1e-4,
            "B is right on 20 fewer of 100 test pictures than A; chance hardly explains that (p < 0",
        ),
        (90, 90, 1.0, "Both are right on the same 90 of 100 test pictures."),
    ],
)
def test_two_that_answered_the_same_pictures_are_told_apart_as_far_as_that_goes(
    a: int, b: int, p_value: float, said: str
) -> None:
    assert comparing.verdict(compared(paired=paired(a, b, p_value))).startswith(said)


def test_as_many_but_other_pictures_is_no_tie_on_the_same_ones() -> None:
    both = paired(90, 90, 1.0) | {"only_a": 3, "only_b": 3}
    assert "though not on the same ones" in comparing.verdict(compared(paired=both))


def test_without_answers_figures_of_the_same_pictures_are_told() -> None:
    said = comparing.verdict(compared(same_pictures=True))
    assert "B is right on 90.0 % (85 to 95 %), A on 90.0 %" in said
    said = comparing.verdict(compared())
    assert "do not tell which is better" in said
    assert "90.0 %" not in said


@pytest.mark.parametrize(
    ("unasked", "command", "said"),
    [
        (12, "menagerie compare A B", "ask both about the 12 test pictures that neither learnt from with"),
        (0, "menagerie compare A B FOLDER", "The test split has none that is new to both."),
        (None, "menagerie compare A B FOLDER", "what one of the two learnt from was not kept"),
    ],
)
def test_what_would_tell_more_of_two_is_a_command_with_their_names(
    unasked: int | None, command: str, said: str
) -> None:
    todo = comparing.more(compared(unasked=unasked))
    assert todo is not None
    assert todo.commands == (command,)
    assert said in todo.text.replace(" with:", " with")


def test_where_both_were_asked_about_everything_there_is_nothing_to_do() -> None:
    both = paired(90, 94, 0.29)
    assert comparing.more(compared(paired=both, unasked=0)) is None
    some = compared(paired=both, unasked=3)
    assert "3 test pictures are not among them" in comparing.verdict(some)
    todo = comparing.more(some)
    assert todo is not None
    assert todo.commands == ("menagerie compare A B",)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0, 0), "Both learnt from the very same pictures and labels."),
        ((1, 0, 2, 0), "What it learnt from: 1 picture more, 2 pictures under another label."),
    ],
)
def test_what_changed_in_the_data_is_counted(counts: tuple[int, int, int, int], said: str) -> None:
    names = ("added", "removed", "relabelled", "moved")
    assert comparing.data_change(DataChange(**dict(zip(names, counts, strict=True)))) == said


def test_what_another_network_does_is_not_put_down_to_review() -> None:
    decisions = NO_DECISIONS | {"label": 2, "total": 2}
    other = {"version": "B", "architecture": "y", "metrics": metrics(95)}
    found = compared(same_pictures=True, decisions=decisions, b=other)
    assert comparing.bought(found.decisions, found).endswith(
        "another network too: not all of that is review."
    )


@pytest.mark.parametrize(
    ("events", "before"),
    [("", None), ("+a", None), ("+a+b", "a"), ("+a+b-b", None), ("+a+b-b+c", "a"), ("+a+b+a", "b")],
)
def test_going_back_leads_to_the_last_promotion_that_stands(events: str, before: str | None) -> None:
    kinds = {"+": "promoted", "-": "rolled_back"}
    told = [
        Event.model_validate(
            {"kind": kinds[events[i]], "version": events[i + 1], "at": "2026-11-20T10:00:00Z", "by": None}
        )
        for i in range(0, len(events), 2)
    ]
    assert champion_before(told[::-1]) == before
