"""The page as a visitor uses it, on Streamlit's own test bench, against a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

import frontend.app
from tests.frontend.conftest import encoded
from tests.frontend.stand_in import StandIn

PHOTO = ("tiger.jpg", encoded(Image.new("RGB", (60, 40), "orange")), "image/jpeg")
TEXT = ("notes.jpg", b"no picture", "image/jpeg")


@pytest.fixture
def page(api: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("MENAGERIE_API_URL", api.url)
    yield AppTest.from_file(frontend.app.__file__, default_timeout=20)
    # Closes the page's connections too.
    st.cache_resource.clear()
    st.cache_data.clear()


def words(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(piece.value for piece in page.html if "<style>" not in piece.value)


def buttons(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def click(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def upload(page: AppTest, file: tuple[str, bytes, str]) -> AppTest:
    page.run().file_uploader[0].set_value(file)
    return page.run()


def choose(page: AppTest, source: str) -> AppTest:
    page.run().segmented_control[0].set_value(source)
    return page.run()


def test_the_start_names_the_model_and_offers_three_sources(api: StandIn, page: AppTest) -> None:
    api.labels = ["lion", "tiger"]
    page.run()
    assert "Model animals-7 · 2 pictures to compare with" in words(page)
    assert [option.split()[-1] for option in page.segmented_control[0].options] == [
        "Upload",
        "Camera",
        "Library",
    ]


def test_an_upload_is_answered_in_a_sentence_with_scores_and_the_model(page: AppTest) -> None:
    said = words(upload(page, PHOTO))
    assert "This looks like: tiger (93 % sure)." in said
    assert "Confident" in said
    assert "<span>lion</span><span>5 %</span>" in said
    assert "model animals, version animals-7" in said
    assert len(page.image) == 1


def test_a_photo_of_the_camera_is_answered(api: StandIn, page: AppTest) -> None:
    choose(page, "Camera").camera_input[0].set_value(("shot.jpg", PHOTO[1], "image/jpeg"))
    assert "tiger (93 % sure)" in words(page.run())
    assert api.last("/predict").fields["file"] == PHOTO[1]


def test_a_picture_is_predicted_and_compared_once_however_often_the_page_runs(
    api: StandIn, page: AppTest
) -> None:
    api.labels = ["tiger"]
    click(upload(page, PHOTO), "Show similar pictures")
    page.run().run()
    assert (api.paths().count("/predict"), api.paths().count("/similar")) == (1, 1)


def test_labels_cannot_smuggle_in_html(api: StandIn, page: AppTest) -> None:
    api.labels = ["<b>tiger</b>"]
    api.scores = {"<b>tiger</b>": 0.9}
    api.sentence = "This looks like: <b>tiger</b>."
    said = words(click(upload(page, PHOTO), "Show similar pictures"))
    assert "<b>tiger" not in said
    assert "&lt;b&gt;tiger" in said


def test_no_animal_is_said_with_what_to_try_and_no_gallery(api: StandIn, page: AppTest) -> None:
    api.verdict, api.sentence = "not_an_animal", "This does not look like an animal I know."
    said = words(upload(page, PHOTO))
    assert "This does not look like an animal I know." in said
    assert "Try a picture in which the animal fills most of the frame" in said
    assert buttons(page) == ["Another picture"]


def test_an_unsure_answer_says_what_would_settle_it(api: StandIn, page: AppTest) -> None:
    api.verdict = "unsure"
    said = words(upload(page, PHOTO))
    assert "Not sure" in said
    assert "A sharper picture" in said


def test_similar_pictures_are_of_the_same_label_with_their_likeness(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "lion", "tiger"]
    said = words(click(upload(page, PHOTO), "Show similar pictures"))
    assert 'alt="tiger, tiger-1.jpg"' in said
    assert 'alt="tiger, tiger-3.jpg"' in said
    assert "lion-2.jpg" not in said
    assert "Nearly identical" in said
    assert "The 2 nearest of 2 pictures of tiger." in said


def test_pictures_of_another_guess_can_be_asked_for(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "lion"]
    click(upload(page, PHOTO), "Show similar pictures")
    page.pills[0].set_value("lion")
    assert "lion-2.jpg" in words(page.run())


def test_a_library_without_that_label_says_how_to_fill_it(api: StandIn, page: AppTest) -> None:
    api.labels = ["lion"]
    said = words(click(upload(page, PHOTO), "Show similar pictures"))
    assert "No pictures of “tiger” to compare with" in said
    assert "menagerie ingest" in said


def test_a_thumbnail_that_cannot_be_had_leaves_the_others(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "tiger"]
    api.refuse("/images/1/thumbnail", 404, "not_found")
    said = words(click(upload(page, PHOTO), "Show similar pictures"))
    assert 'role="img" aria-label="tiger, tiger-1.jpg"' in said
    assert 'alt="tiger, tiger-2.jpg"' in said


def test_samples_are_spread_over_labels_and_one_can_be_asked_about(api: StandIn, page: AppTest) -> None:
    api.labels = ["ant"] * 20 + ["bee_*x*", "cow"]
    choose(page, "Library")
    assert {"ant", "cow", r"bee\_\*x\*"} == set(buttons(page))
    assert "tiger (93 % sure)" in words(click(page, "cow"))
    assert api.last("/predict").fields["file"] == b"file 22"
    click(page, "Show similar pictures")
    assert api.last("/similar").fields["image_id"] == "22"


def test_of_many_labels_the_samples_take_some_at_even_distances(api: StandIn, page: AppTest) -> None:
    api.labels = [f"kind{number:02}" for number in range(24)]
    assert buttons(choose(page, "Library")) == [f"kind{number:02}" for number in range(0, 24, 2)]


def test_samples_are_shown_where_the_model_knows_none_of_the_labels(api: StandIn, page: AppTest) -> None:
    api.labels, api.known = ["ant", "ant", "bee"], ["wolf"]
    assert buttons(choose(page, "Library")) == ["ant", "bee", "ant"]


def test_another_picture_is_chosen_where_the_last_one_was(api: StandIn, page: AppTest) -> None:
    api.labels = ["ant", "bee"]
    click(choose(page, "Library"), "ant")
    assert buttons(click(page, "Another picture")) == ["ant", "bee"]


def test_an_empty_library_says_what_to_do(page: AppTest) -> None:
    said = words(choose(page, "Library"))
    assert "The library is empty" in said
    assert "upload one of your own" in said


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("unsupported_format", "This file is not a picture I can read"),
        ("empty_file", "This file is empty"),
        ("too_many_pixels", "This picture is too large"),
        ("truncated_image", "Part of this picture is missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_kindly_and_another_can_be_chosen(
    api: StandIn, page: AppTest, code: str, title: str
) -> None:
    api.refuse("/predict", 415, code, "the details")
    said = words(upload(page, TEXT))
    assert title in said
    assert "the details" in said
    assert buttons(page) == ["Another picture"]
    assert click(page, "Another picture").file_uploader


@pytest.mark.parametrize(
    ("status", "code", "title", "advice"),
    [
        (401, "missing_key", "The service wants a key, and this page has none", "menagerie keys add page"),
        (401, "invalid_key", "The service does not accept this page&#x27;s key", "It may have been revoked"),
        (403, "missing_scope", "This page&#x27;s key does not allow that", "MENAGERIE_API_KEY"),
        (429, "rate_limited", "The service has been asked too often", "Wait a moment"),
    ],
)
def test_a_service_that_wants_another_key_is_told_with_what_to_do(
    api: StandIn, page: AppTest, status: int, code: str, title: str, advice: str
) -> None:
    api.refuse("/predict", status, code)
    said = words(upload(page, PHOTO))
    assert title in said
    assert advice in said
    api.broken.clear()
    assert "tiger (93 % sure)" in words(click(page, "Try again"))


def test_the_page_shows_the_key_that_it_was_given(
    api: StandIn, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENAGERIE_API_KEY", "mng_secret")
    said = words(upload(page, PHOTO))
    assert api.last("/predict").key == "mng_secret"
    assert "mng_secret" not in said


def test_a_failure_without_a_name_offers_to_try_again(api: StandIn, page: AppTest) -> None:
    api.refuse("/predict", 500, "internal_error")
    assert "The service could not answer" in words(upload(page, PHOTO))
    api.broken.clear()
    assert "tiger (93 % sure)" in words(click(page, "Try again"))


def test_a_service_that_starts_up_is_asked_again_on_a_click(api: StandIn, page: AppTest) -> None:
    api.refuse("/readyz", 503, "not_ready")
    assert "The service is still starting" in words(page.run())
    api.broken.clear()
    assert click(page, "Try again").file_uploader


def test_a_gallery_that_fails_leaves_the_answer_and_can_be_retried(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger"]
    api.refuse("/similar", 503, "not_ready")
    said = words(click(upload(page, PHOTO), "Show similar pictures"))
    assert "tiger (93 % sure)" in said
    assert "The service is still starting" in said
    api.broken.clear()
    assert "tiger-1.jpg" in words(click(page, "Try again"))


def test_a_service_that_took_up_another_model_meanwhile_is_told_from_a_failure(
    api: StandIn, page: AppTest
) -> None:
    api.labels = ["tiger"]
    upload(page, PHOTO)
    api.refuse("/similar", 404, "unknown_label")
    said = words(click(page, "Show similar pictures"))
    assert "The service does not know this animal any more" in said
    assert "Try again" not in buttons(page)


def test_nobody_listening_is_said_kindly(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_API_URL", "http://127.0.0.1:9")
    said = words(page.run())
    assert "The service is not answering" in said
    assert "http://127.0.0.1:9" in said
    assert buttons(page) == ["Try again"]


def test_a_wrong_setting_stops_the_page_with_its_name_and_value(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENAGERIE_API_URL", "nowhere")
    assert "MENAGERIE_API_URL=&#x27;nowhere&#x27;" in words(page.run())
    assert not page.segmented_control


def test_the_page_loads_nothing_from_the_internet() -> None:
    here = Path(frontend.app.__file__).parent
    sheet = (here / "style.css").read_text(encoding="utf-8")
    assert "@import" not in sheet
    assert "url(http" not in sheet.replace('"', "")


def test_where_there_is_nothing_to_compare_with_nobody_is_told_to(api: StandIn, page: AppTest) -> None:
    api.labels = []
    said = words(upload(page, PHOTO))
    assert "Compare" not in said
    assert "Show similar pictures" not in [button.label for button in page.button]
