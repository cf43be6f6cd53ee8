"""What a visitor says of an answer."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import buttons, click, words
from tests.frontend.identify.asking import PHOTO, choose, upload
from tests.frontend.stand_in import StandIn


@pytest.fixture
def asked(api: StandIn, page: AppTest) -> AppTest:
    api.more["POST", "/feedback"] = lambda _asked: {"id": 1, "image_id": None}
    return upload(page, PHOTO)


def test_a_right_answer_is_confirmed_by_one_click_and_only_once(api: StandIn, asked: AppTest) -> None:
    assert "Thank you, noted." in words(click(asked, "Yes"))
    assert api.last("/feedback").body == {"prediction_id": "1", "correct": True}
    assert not {"Yes", "No", "Send"} & set(buttons(asked.run()))


def test_a_wrong_answer_is_sent_with_the_right_label_and_a_note(api: StandIn, asked: AppTest) -> None:
    click(asked, "No")
    assert "/feedback" not in api.paths()
    asked.selectbox[0].set_value("lion")
    asked.text_input[0].set_value("  by its mane ")
    assert "Thank you. The people who look after the library" in words(click(asked, "Send"))
    sent = {"prediction_id": "1", "correct": False, "label": "lion", "comment": "by its mane"}
    assert api.last("/feedback").body == sent


def test_one_may_say_that_it_is_wrong_without_knowing_better(api: StandIn, asked: AppTest) -> None:
    click(click(asked, "No"), "Send")
    assert api.last("/feedback").body == {"prediction_id": "1", "correct": False}


def test_the_picture_goes_along_only_where_that_was_allowed(api: StandIn, asked: AppTest) -> None:
    assert asked.checkbox[0].value is False
    told = "Only then does the library get it, and the people who look after the library see it."
    assert told in words(asked)
    asked.checkbox[0].check()
    assert "What you said and the picture wait" in words(click(asked, "Yes"))
    sent = {"prediction_id": "1", "correct": "true", "file": PHOTO[1]}
    assert api.last("/feedback").fields == sent


def test_thanks_for_a_picture_that_was_not_kept_tell_so_and_why(api: StandIn, asked: AppTest) -> None:
    reason = "there is no more room for <pictures> that people send"
    api.more["POST", "/feedback"] = lambda _asked: {"id": 1, "image_id": None, "not_kept": reason}
    asked.checkbox[0].check()
    said = words(click(asked, "Yes"))
    assert "The picture was not kept, though: there is no more room for &lt;pictures&gt; that" in said
    assert "the picture wait" not in said


def test_where_no_library_keeps_pictures_none_is_asked_for(api: StandIn, page: AppTest) -> None:
    api.more["GET", "/models"] = lambda _asked: {"keeps": False}
    api.more["POST", "/feedback"] = lambda _asked: {"id": 1, "image_id": None}
    asked = upload(page, PHOTO)
    assert not asked.checkbox
    assert "Only then does the library get it" not in words(asked)
    assert "Thank you, noted." in words(click(asked, "Yes"))


def test_a_picture_of_the_library_lies_there_already(api: StandIn, page: AppTest) -> None:
    api.labels = ["ant"]
    assert not click(choose(page, "Library"), "ant").checkbox


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "unknown_prediction", "The service no longer knows this answer"),
        (500, "internal_error", "The service could not answer"),
    ],
)
def test_what_could_not_be_sent_is_said_and_can_be_sent_again(
    api: StandIn, asked: AppTest, status: int, code: str, said: str
) -> None:
    api.refuse("/feedback", status, code)
    assert said in words(click(asked, "Yes"))
    api.broken.clear()
    assert "Thank you" in words(click(asked, "Yes"))


def test_the_thanks_take_the_keyboard_along_once(asked: AppTest) -> None:
    lead = 'menagerieLead("thanks-1", ".mng-thanks", ".mng-thanks")'
    assert lead not in words(asked)
    assert lead in words(click(asked, "Yes"))


def test_the_next_picture_is_asked_about_anew(asked: AppTest) -> None:
    asked.checkbox[0].check()
    click(click(asked, "Yes"), "Another picture")
    upload(asked, PHOTO)
    assert asked.checkbox[0].value is False
    assert "Yes" in buttons(asked)
