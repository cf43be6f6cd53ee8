"""One picture of the library, as a visitor looks at it closely."""

import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from frontend.library import wording
from tests.frontend.at_the_page import buttons, click, command
from tests.frontend.library.showing import address, allowing, detailed, follow, image, listed, said, sent
from tests.frontend.stand_in import Asked, Json, StandIn


@pytest.fixture
def one(page: AppTest, library: StandIn) -> AppTest:
    """The address of picture 2, which is known closely."""
    drawn = io.BytesIO()
    Image.new("RGB", (60, 40), "orange").save(drawn, "PNG")
    library.more["GET", r"/images/\d+/content"] = lambda _: drawn.getvalue()
    near = [{"image": image(3), "similarity": 0.97}]
    library.more["POST", "/similar"] = lambda _: {"label": "any", "available": 3, "items": near}
    detailed(library, 2)
    page.query_params.update({"image": "2", "label": "cat"})
    return page


def test_a_picture_opens_from_the_grid_and_leads_back_to_where_it_was(
    page: AppTest, library: StandIn
) -> None:
    detailed(library, 2)
    page.query_params.update({"label": "cat", "after": "1"})
    follow(page.run(), 'alt="cat, cat-2.jpg"')
    assert address(page) == {"label": "cat", "after": "1", "image": "2"}
    follow(page, "All pictures")
    assert address(page) == {"label": "cat", "after": "1"}


def test_what_is_known_of_it_is_told(one: AppTest, library: StandIn) -> None:
    quality = {"sharpness": 812.4, "brightness": 0.46, "contrast": 0.91, "saturation": 0.38}
    found = [{"kind": "suspect", "better": "dog"}, {"kind": "strange_new", "better": None}]
    detailed(library, 2, quality=quality, findings=found, duplicates=[image(9)])
    shown = said(one.run())
    assert "<h1>cat</h1>" in shown
    assert "<dd>640 x 427 pixels (1.50 : 1)</dd>" in shown
    assert "<dd>JPEG, 58 kB</dd>" in shown
    assert "<dt>Added</dt><dd>22 November 2026</dd>" in shown
    assert "<dt>Brightness</dt><dd>46 %</dd>" in shown
    assert "What the last check found:" in shown
    assert "Its label looks wrong: rather dog." in shown
    assert "<dt>Sharpness</dt><dd>Sharp</dd>" in shown
    assert "Strange new." in shown
    assert "The same picture, once more" in shown
    assert 'alt="cat, cat-9.jpg"' in shown
    assert len(one.image) == 1


def test_more_pictures_like_it_are_shown_whatever_their_label(one: AppTest, library: StandIn) -> None:
    shown = said(one.run())
    assert library.last("/similar").fields == {"label": "any", "k": "12", "image_id": "2"}
    assert "More like this" in shown
    assert "Nearly identical" in shown


def test_a_picture_that_is_not_indexed_says_so(one: AppTest, library: StandIn) -> None:
    library.refuse("/similar", 404, "not_found")
    told = said(one.run())
    assert "The model has not looked at this picture yet" in told
    assert command("menagerie index") in told


def test_what_the_model_answered_is_told_with_its_second_opinion(one: AppTest, library: StandIn) -> None:
    answer = {"label": "dog", "score": 0.88, "verdict": "confident", "agreement": 0.9}
    detailed(library, 2, answer=answer)
    assert "The model says: dog (88 % sure). 9 in 10 of the most similar pictures agree." in said(one.run())
    assert "Ask the model" not in buttons(one)


@pytest.mark.parametrize(
    ("split", "told"), [("train", "may only repeat what it was told"), ("test", "The check doubts it")]
)
def test_an_answer_that_a_finding_contradicts_says_what_to_make_of_both(
    one: AppTest, library: StandIn, split: str, told: str
) -> None:
    answer = {"label": "cat", "score": 0.999, "verdict": "confident", "agreement": 1.0}
    detailed(library, 2, answer=answer, split=split)
    assert "look for yourself" not in said(one.run()).lower()
    detailed(library, 2, answer=answer, split=split, findings=[{"kind": "suspect", "better": "dog"}])
    assert told in said(one.run())


@pytest.mark.parametrize(
    ("measured", "kinds", "words"),
    [(90.0, ["blurry"], "Blurry"), (500.0, [], "Rather soft"), (2910.0, ["dark"], "Sharp")],
)
def test_sharpness_is_told_in_words(measured: float, kinds: list[str], words: str) -> None:
    assert wording.sharpness(measured, kinds) == words


@pytest.mark.parametrize(
    ("share", "begins"),
    [(1, "All of the"), (0.97, "9 in 10 of the"), (0.02, "1 in 10 of the"), (0, "None of the")],
)
def test_a_second_opinion_says_all_and_none_only_where_that_is_so(share: float, begins: str) -> None:
    assert wording.agreement(share) == f"{begins} most similar pictures agree."


def test_the_pictures_before_and_after_are_one_step_away(one: AppTest, library: StandIn) -> None:
    def neighbours(asked: Asked) -> Json:
        after = "after" in asked.fields
        near = image(5 if after else 1)
        page: Json = {"total": 914, "earlier": 13 if after else 11, "items": [near]}
        return page | {"next_after": None, "previous_before": None}

    library.more["GET", "/images"] = neighbours
    detailed(library, 5)
    one.query_params["after"] = "1"
    assert "<span>13 of 914</span>" in said(one.run())
    assert library.last("/images").fields == {"label": "cat", "before": "2", "limit": "1"}
    follow(one, "Next")
    assert address(one) == {"label": "cat", "after": "1", "image": "5"}
    follow(one, "All pictures")
    assert address(one) == {"label": "cat", "after": "1"}


def test_at_the_end_there_is_no_next_one_and_among_what_was_sought_no_order(
    one: AppTest, library: StandIn
) -> None:
    listed(library, range(0), total=1)
    assert "mng-step" not in said(one.run())
    one.query_params["text"] = "asleep"
    assert "mng-ways" not in said(one.run())


def test_the_model_is_asked_where_it_has_not_answered(one: AppTest) -> None:
    assert "This looks like: tiger (93 % sure)." in said(click(one.run(), "Ask the model"))


@pytest.mark.parametrize(
    ("path", "code", "title"),
    [
        ("/images/2", "not_found", "This picture is not in the library"),
        ("/images/2/content", "file_missing", "The file of this picture is gone"),
        ("/images/2/content", "storage_unavailable", "This picture cannot be fetched now"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_said_kindly(
    one: AppTest, library: StandIn, path: str, code: str, title: str
) -> None:
    library.refuse(path, 404, code)
    shown = said(one.run())
    assert title in shown
    assert "All pictures" in shown


def test_whoever_may_not_decide_is_shown_no_controls(one: AppTest, library: StandIn) -> None:
    allowing(library, "predict")
    assert not one.run().selectbox
    assert "You need a key to decide on pictures" in said(one)


def test_a_label_is_given_and_taken_back(one: AppTest, library: StandIn) -> None:
    allowing(library, "review")
    detailed(library, 2, findings=[{"kind": "suspect", "better": "dog"}])
    assert one.run().selectbox[0].value == "dog"
    assert "It is labelled dog now." in said(click(one, "Give this label"))
    decided = {"image_ids": [2], "kind": "label", "label": "dog", "reason": None, "by": None}
    assert sent(library, "/decisions") == decided
    click(one, "Undo")
    assert sent(library, "/decisions/undo") == {"ids": [7]}
    assert "It is labelled dog now." not in said(one)


def test_a_picture_is_left_out_and_used_again(one: AppTest, library: StandIn) -> None:
    allowing(library, "review")
    click(one.run(), "Leave it out")
    assert sent(library, "/decisions")["kind"] == "exclude"
    detailed(library, 2, excluded=True)
    assert "Excluded: not used" in said(one.run())
    click(one, "Use it again")
    assert sent(library, "/decisions")["kind"] == "include"


def test_what_somebody_else_decided_since_it_was_shown_is_told_and_not_overridden_unseen(
    one: AppTest, library: StandIn
) -> None:
    allowing(library, "review")
    detailed(library, 2, decided_until=3)
    one.run()
    detailed(library, 2, decided_until=4, excluded=True)  # by Ben, while the picture stands there
    bens = {"id": 4, "image_id": 2, "file_name": "cat-2.jpg", "kind": "exclude", "label": None, "by": "Ben"}
    bens |= {"made_at": "2026-11-29T10:00:00Z", "undone_at": None}
    overtaken = [{"image_id": 2, "decision": bens}]
    library.more["POST", "/decisions"] = lambda _: {"decided": 0, "ids": [], "overtaken": overtaken}
    click(one, "Keep this label")
    assert sent(library, "/decisions")["decided_until"] == 3
    told = said(one)
    assert "Decided meanwhile" in told
    assert "cat-2.jpg is left out, decided by Ben. That holds, and yours was not taken." in told
    assert "Excluded: not used" in told
    assert "It is labelled" not in told
    assert "Undo" not in buttons(one)
    allowing(library, "review")
    click(one, "Use it again")
    assert sent(library, "/decisions")["decided_until"] == 4
    assert "It is used, as it is." in said(one)
    assert "Undo" in buttons(one)


def test_without_keys_a_name_is_asked_for_once(one: AppTest, library: StandIn) -> None:
    allowing(library, auth=False)
    assert not one.run().selectbox
    one.text_input[0].set_value("Mara")
    click(click(one, "Go on"), "Keep this label")
    assert sent(library, "/decisions")["by"] == "Mara"


def test_a_decision_that_fails_is_told_and_can_be_tried_again(one: AppTest, library: StandIn) -> None:
    allowing(library, "review")
    library.refuse("/decisions", 503, "database_unavailable")
    assert "The service could not answer" in said(click(one.run(), "Leave it out"))
