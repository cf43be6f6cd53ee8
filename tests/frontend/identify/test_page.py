"""The page as a visitor uses it, on Streamlit's own test bench, against a real server."""

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from frontend.answering import brought
from frontend.uploads import MOST_PICTURE_BYTES, MOST_PICTURE_MB
from tests.frontend.at_the_page import OpenPage, buttons, click, words
from tests.frontend.batch.answering import answer_batches
from tests.frontend.batch.test_sources import zipped
from tests.frontend.identify.asking import PHOTO, TEXT, choose, upload
from tests.frontend.stand_in import StandIn
from tests.waiting import wait_until


def test_the_start_names_the_model_and_offers_three_sources(api: StandIn, page: AppTest) -> None:
    api.labels = ["lion", "tiger"]
    page.run()
    assert "Model animals-7 · 2 pictures to compare with" in words(page)
    assert [option.split()[-1] for option in page.segmented_control[0].options] == [
        "File",
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


@pytest.mark.parametrize(("metrics", "told"), [({"accuracy": 0.96}, True), (None, False)])
def test_what_a_score_is_worth_is_told_of_a_measured_model_alone(
    api: StandIn, page: AppTest, metrics: dict[str, float] | None, told: bool
) -> None:
    model = {"version": "animals-7", "metrics": metrics}
    api.more["GET", "/models"] = lambda _asked: {"models": [model]}
    assert ("Of 100 answers as sure as this one, about 93 are right." in words(upload(page, PHOTO))) is told


def test_a_photo_of_the_camera_is_answered(api: StandIn, page: AppTest) -> None:
    choose(page, "Camera").camera_input[0].set_value(("shot.jpg", PHOTO[1], "image/jpeg"))
    assert "tiger (93 % sure)" in words(page.run())
    assert api.last("/predict").fields["file"] == PHOTO[1]


def test_a_picture_is_predicted_and_compared_once_however_often_the_page_runs(
    api: StandIn, page: AppTest
) -> None:
    api.labels = ["tiger"]
    upload(page, PHOTO)
    page.run().run()
    assert (api.paths().count("/predict"), api.paths().count("/similar")) == (1, 1)


def test_no_animal_is_said_with_what_to_try_and_no_gallery(api: StandIn, page: AppTest) -> None:
    api.verdict, api.sentence = "not_an_animal", "This does not look like an animal I know."
    said = words(upload(page, PHOTO))
    assert "This does not look like an animal I know." in said
    assert "Try a picture in which the animal fills most of the frame" in said
    assert "/similar" not in api.paths()


def test_an_unsure_answer_says_what_would_settle_it(api: StandIn, page: AppTest) -> None:
    api.verdict = "unsure"
    said = words(upload(page, PHOTO))
    assert "Not sure" in said
    assert "A sharper picture" in said


def test_samples_are_spread_over_labels_and_one_can_be_asked_about(api: StandIn, page: AppTest) -> None:
    api.labels = ["ant"] * 20 + ["bee_*x*", "cow"]
    choose(page, "Library")
    assert {"ant", "cow", r"bee\_\*x\*"} == set(buttons(page))
    assert "tiger (93 % sure)" in words(click(page, "cow"))
    assert api.last("/predict").fields["file"] == b"file 22"
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


def test_nobody_listening_is_said_kindly(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_API_URL", "http://127.0.0.1:9")
    said = words(page.run())
    assert "The service is not answering" in said
    assert "http://127.0.0.1:9" in said
    assert buttons(page) == ["Try again"]


def test_the_next_picture_may_arrive_while_an_answer_stands(api: StandIn, page: AppTest) -> None:
    upload(page, PHOTO)
    assert "tiger" in words(upload(page, ("lion.jpg", PHOTO[1], "image/jpeg")))
    assert api.paths().count("/predict") == 2
    assert page.session_state["visit"].picture.name == "lion.jpg"


def test_a_zip_is_handed_to_the_page_for_many_and_a_document_is_not(api: StandIn, page: AppTest) -> None:
    answer_batches(api)
    archive = zipped({"a.jpg": PHOTO[1]})
    upload(page, ("letter.docx", archive, "application/zip"))
    assert "/predict" in api.paths()
    upload(page, ("zoo.zip", archive, "application/zip"))
    assert list(page.query_params) == ["job"]
    wait_until(lambda: "/predict/batch" in api.paths())
    assert api.last("/predict/batch").names == ("a.jpg",)


def test_several_files_are_handed_to_the_page_for_many(api: StandIn, page: AppTest) -> None:
    answer_batches(api)
    upload(page, PHOTO, ("lion.jpg", PHOTO[1], "image/jpeg"))
    assert list(page.query_params) == ["job"]
    wait_until(lambda: "/predict/batch" in api.paths())
    assert api.last("/predict/batch").names == ("tiger.jpg", "lion.jpg")


def test_an_upload_is_held_by_the_visit_and_no_longer_by_streamlit(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[MemoryUploadedFileManager] = []
    add = MemoryUploadedFileManager.add_file

    def watched(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        held.append(self)
        add(self, session_id, file)

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", watched)
    upload(page, PHOTO)
    assert held
    assert not any(files for manager in held for files in manager.file_storage.values())


def test_a_picture_that_the_address_names_is_asked_about_once(api: StandIn, page: AppTest) -> None:
    api.more["GET", "/images/7"] = lambda _asked: {
        "id": 7,
        "file_name": "bee.jpg",
        "label": "bee",
        "links": {"content": "/images/7/content", "thumbnail": "/images/7/thumbnail"},
    }
    page.query_params["image"] = "7"
    assert "tiger (93 % sure)" in words(page.run())
    assert api.last("/predict").fields["file"] == b"file 7"
    page.run()
    assert api.paths().count("/predict") == 1
    assert page.query_params["image"] == "7"
    assert click(page, "Another picture").file_uploader


def test_an_answer_has_an_address_and_the_way_back_leads_to_where_it_was_chosen(
    api: StandIn, page: AppTest
) -> None:
    upload(page, PHOTO)
    named = page.query_params["picture"]
    del page.query_params["picture"]  # as the browser's way back does
    assert page.run().segmented_control
    page.query_params["picture"] = named  # and forth again
    assert "tiger (93 % sure)" in words(page.run())
    assert api.paths().count("/predict") == 1
    click(page, "Another picture")
    assert not page.query_params
    page.query_params["picture"] = named  # it was put away, and is gone
    assert page.run().segmented_control
    assert "This picture is no longer here" in words(page)
    assert not page.query_params
    assert "This picture is no longer here" not in words(page.run())


def test_a_sample_is_asked_about_anew_after_a_reload(
    api: StandIn, page: AppTest, open_page: OpenPage
) -> None:
    api.labels = ["ant", "bee"]
    api.more["GET", "/images/2"] = lambda _asked: {
        "id": 2,
        "file_name": "bee-2.jpg",
        "label": "bee",
        "links": {"content": "/images/2/content", "thumbnail": "/images/2/thumbnail"},
    }
    click(choose(page, "Library"), "bee")
    again = open_page("identify")
    again.query_params["image"] = page.query_params["image"]
    assert "tiger (93 % sure)" in words(again.run())
    assert api.last("/predict").fields["file"] == b"file 2"


def test_a_picture_that_the_library_has_no_more_is_said_with_a_way_on(api: StandIn, page: AppTest) -> None:
    api.refuse("/images/7", 404, "not_found")
    page.query_params["image"] = "7"
    assert "This picture is no longer in the library" in words(page.run())
    assert click(page, "Another picture").file_uploader


def test_an_answer_is_announced_and_takes_the_keyboard_there(page: AppTest) -> None:
    said = words(upload(page, PHOTO))
    assert '<div role="status"><span class="mng-badge mng-confident">Confident</span><h1>' in said
    assert 'menagerieLead("visit-1", ".mng-answer h1", null)' in said


def test_no_line_breaks_between_a_number_and_its_sign(page: AppTest) -> None:
    upload(page, PHOTO)
    assert any("tiger (93\u00a0% sure)" in piece.value for piece in page.html)


def test_the_limit_and_the_formats_are_named_before_anything_is_chosen(page: AppTest) -> None:
    said = words(page.run())
    assert f"JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, up to {MOST_PICTURE_MB} MB each." in said


def test_a_picture_that_is_too_large_is_told_and_neither_sent_nor_kept(api: StandIn, page: AppTest) -> None:
    upload(page, ("large.jpg", PHOTO[1] + bytes(MOST_PICTURE_BYTES), "image/jpeg"))
    said = words(page)
    assert "This file is too large" in said
    assert "it has 32.0 MB, and 32 MB are the most" in said
    assert "/predict" not in api.paths()
    assert page.session_state["visit"].picture.data == b""
    assert brought.pictures().find(page.query_params["picture"]) is None
    assert click(page, "Another picture").file_uploader


def test_the_second_opinion_of_the_library_is_told(api: StandIn, page: AppTest) -> None:
    api.more["POST", "/predict"] = lambda _asked: api.prediction() | {"neighbours_agree": 0.9}
    assert "9 in 10 of the most similar pictures in the library agree." in words(upload(page, PHOTO))
