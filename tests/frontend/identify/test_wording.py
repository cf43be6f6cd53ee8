import pytest

from frontend.answering import wording
from frontend.answers import LabelScore, ModelName, Prediction, Verdict


def prediction(score: float = 0.9, agree: float | None = None, verdict: Verdict = "confident") -> Prediction:
    return Prediction(
        prediction_id="p",
        label=None if verdict == "not_an_animal" else "lion",
        score=score,
        verdict=verdict,
        sentence="This looks like: lion (90 % sure).",
        top_k=(LabelScore(label="lion", score=score), LabelScore(label="tiger", score=0.004)),
        neighbours_agree=agree,
        model=ModelName(task="cats", version="cats-1"),
    )


@pytest.mark.parametrize(
    ("score", "words"), [(0.9, "about 90 are right"), (0.999, "more than 99 are"), (0.002, "about 1 are")]
)
def test_a_score_is_said_as_how_many_such_answers_are_right(score: float, words: str) -> None:
    assert words in (wording.meaning(prediction(score)) or "")


@pytest.mark.parametrize(
    ("agree", "words"),
    [
        (1.0, "all of the most similar"),
        (0.96, "9 in 10"),
        (2 / 3, "7 in 10"),
        (0.2, "differs: 2 in 10"),
        (0.0, "differs: none"),
    ],
)
def test_a_second_opinion_is_one_sentence(agree: float, words: str) -> None:
    said = wording.second_opinion(prediction(agree=agree)) or ""
    assert words in said
    assert said.count(".") == 1


def test_no_opinion_is_said_where_there_is_none_or_it_was_not_asked() -> None:
    assert wording.second_opinion(prediction()) is None
    assert wording.second_opinion(prediction(agree=0.0, verdict="not_an_animal")) is None
    assert wording.meaning(prediction(verdict="not_an_animal")) is None


@pytest.mark.parametrize(("alike", "words"), [(1, ""), (2, "and 1 look-alike"), (3, "and 2 look-alikes")])
def test_look_alikes_are_counted_without_the_picture_itself(alike: int, words: str) -> None:
    assert wording.look_alikes(alike) == words


def test_an_answer_as_text_holds_what_one_would_tell() -> None:
    assert wording.as_text(prediction(agree=0.9), "a.jpg").splitlines() == [
        "a.jpg: This looks like: lion (90 % sure).",
        "- lion: 90 %",
        "- tiger: < 1 %",
        "A second opinion: 9 in 10 of the most similar pictures in the library agree.",
        "Model cats-1 of cats",
    ]
