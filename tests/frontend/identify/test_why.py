"""What on the picture an answer came from."""

import pytest
from streamlit.testing.v1 import AppTest

from frontend.markup import plain
from tests.frontend.at_the_page import words
from tests.frontend.identify.asking import PHOTO, TEXT, upload
from tests.frontend.stand_in import Asked, Json, StandIn

BOX = {"left": 0.1, "top": 0.0, "right": 0.9, "bottom": 1.0}


def explanation(asked: Asked) -> Json:
    heat = [[0.0, 0.0]] if asked.fields["label"] == "lion" else [[0.0, 1.0]]
    return {"label": asked.fields["label"], "heat": heat, "box": BOX}


@pytest.fixture
def explaining(api: StandIn, page: AppTest) -> AppTest:
    api.more["GET", "/models"] = lambda _asked: {"explains": True}
    api.more["POST", "/explain"] = explanation
    return page


def why(page: AppTest) -> AppTest:
    next(toggle for toggle in page.toggle if toggle.label == "Show why").set_value(True)
    return page.run()


def test_what_spoke_for_the_answer_is_laid_over_the_picture(api: StandIn, explaining: AppTest) -> None:
    upload(explaining, PHOTO)
    assert "/explain" not in api.paths()
    said = words(why(explaining))
    assert "What spoke for “tiger”" in said
    assert len(explaining.image) == 1
    assert api.last("/explain").fields == {"label": "tiger", "file": PHOTO[1]}


def test_another_guess_is_explained_once_and_may_have_nothing_to_speak_for_it(
    api: StandIn, explaining: AppTest
) -> None:
    why(upload(explaining, PHOTO)).pills[0].set_value("lion")
    assert "Nothing in the picture speaks for “lion”." in words(explaining.run())
    explaining.pills[0].set_value("tiger")
    explaining.run().run()
    assert api.paths().count("/explain") == 2


def test_labels_to_choose_from_are_no_markdown(api: StandIn, explaining: AppTest) -> None:
    api.scores = {"![t](http://x.example/y)": 0.93, "a*b*c": 0.05}
    why(upload(explaining, PHOTO))
    assert explaining.pills[0].options == [plain(label) for label in api.scores]
    assert api.last("/explain").fields["label"] == "![t](http://x.example/y)"


def test_an_explanation_that_fails_leaves_the_answer(api: StandIn, explaining: AppTest) -> None:
    api.refuse("/explain", 503, "not_ready")
    said = words(why(upload(explaining, PHOTO)))
    assert "tiger (93 % sure)" in said
    assert "The service is still starting" in said


@pytest.mark.parametrize("told", [{"explains": False}, {}], ids=["cannot", "knows nothing of it"])
def test_why_is_not_offered_where_it_cannot_be_told(api: StandIn, page: AppTest, told: Json) -> None:
    api.more["GET", "/models"] = lambda _asked: told
    assert not upload(page, PHOTO).toggle


def test_why_is_not_offered_for_what_cannot_be_shown_or_shows_no_animal(
    api: StandIn, explaining: AppTest
) -> None:
    assert not upload(explaining, TEXT).toggle
    api.verdict = "not_an_animal"
    next(button for button in explaining.button if button.label == "Another picture").click()
    assert not upload(explaining, PHOTO).toggle
