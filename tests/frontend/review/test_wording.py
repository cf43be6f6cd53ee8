from datetime import UTC, datetime, timedelta

import pytest

from frontend.client import ApiError
from frontend.review.answers import Queued
from frontend.review.recent import ago
from frontend.review.wording import trouble, why
from tests.frontend.review.queue_stand_in import waiting

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reasons": ["reported"]}, "Somebody reported that this is wrong."),
        ({"reasons": ["suspect"]}, "Compared with all others, tiger fits better than its label."),
        (
            {"reasons": ["suspect"], "suggestion": None},
            "Compared with all others, its label looks wrong, or it shows no animal.",
        ),
        ({"reasons": ["unlabelled"], "answer": None}, "It has no label yet."),
        (
            {"answer": {"label": "cat", "score": 0.4, "verdict": "unsure"}},
            "The model is not sure: cat, 40 %.",
        ),
        (
            {"answer": {"label": "cat", "score": 0.4, "verdict": "not_an_animal"}, "agreement": 0.0},
            "The model sees no animal that it knows. Of the pictures nearest to it, none say cat.",
        ),
        (
            {"agreement": 0.1, "nearest": {"label": "horse", "count": 9, "asked": 10}},
            "The model says tiger, 87 % sure. Of the 10 pictures nearest to it, 9 say horse, 1 tiger.",
        ),
        (
            {"agreement": 0.0, "nearest": {"label": "horse", "count": 7, "asked": 7}},
            "The model says tiger, 87 % sure. Of the 7 pictures nearest to it, all say horse, none tiger.",
        ),
        (
            {"agreement": 0.8, "nearest": {"label": "tiger", "count": 8, "asked": 10}},
            "The model says tiger, 87 % sure. Of the 10 pictures nearest to it, 8 say tiger.",
        ),
        (
            {"agreement": 0.0, "nearest": {"label": "horse", "count": 1, "asked": 1}},
            "The model says tiger, 87 % sure. The one picture near to it says horse.",
        ),
        (
            {"said": [{"correct": True, "label": None, "comment": None, "by": "Bob"}]},
            "Bob says that the model is right.",
        ),
        ({"said": [{"label": None, "comment": None, "by": None}]}, "Somebody says that this is wrong."),
    ],
)
def test_each_reason_is_told_in_plain_words(fields: dict[str, object], said: str) -> None:
    assert said in why(Queued.model_validate(waiting(1) | fields))


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=3), "25 Nov 2026"),
    ],
)
def test_a_moment_is_told_as_a_person_would(past: timedelta, said: str) -> None:
    assert ago(NOW - past, NOW) == said


def test_a_failure_that_has_no_words_of_its_own_here_has_those_of_all_pages() -> None:
    assert trouble(ApiError("timeout", "")).title == "The service is taking too long"
