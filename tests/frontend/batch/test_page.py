"""The Batch page as a visitor uses it."""

import tempfile
import time
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from frontend.batch import job
from frontend.batch.jobs import jobs
from tests.filesystems import fill, small_disk
from tests.frontend.at_the_page import OpenPage, buttons, click, encoded, words
from tests.frontend.batch.answering import answer_batches
from tests.frontend.batch.test_sources import zipped
from tests.frontend.stand_in import StandIn
from tests.waiting import SECONDS

PHOTO = encoded(Image.new("RGB", (60, 40), "orange"))
OTHER = encoded(Image.new("RGB", (60, 40), "brown"))


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("batch")


def drop(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.run().file_uploader[0].set_value([(name, data, "image/jpeg") for name, data in files])
    return page.run()


def downloads(page: AppTest) -> list[str]:
    return [one.proto.label for one in page.get("download_button")]


def until_ended(page: AppTest) -> str:
    deadline = time.monotonic() + SECONDS
    while "Looking at your pictures" in words(page):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        page.run()
    return words(page)


def test_many_pictures_become_a_table(api: StandIn, page: AppTest) -> None:
    answer_batches(api, refused={"notes.jpg": "unsupported_format"})
    drop(page, ("a.jpg", PHOTO), ("notes.jpg", b"Dear Sir"), ("b.jpg", PHOTO))
    assert "2 of 3 files answered" in until_ended(page)
    table = page.dataframe[0].value
    assert list(table["file"]) == ["a.jpg", "notes.jpg", "b.jpg"]
    assert list(table["answer"]) == ["tiger", "—", "tiger"]
    assert list(table["verdict"]) == ["Confident", "Unusable file", "Confident"]
    assert table["note"][1] == "This file is not a picture I can read."
    assert table["picture"][0].startswith("data:image/jpeg;base64,")


def test_what_may_be_chosen_is_told_before(page: AppTest) -> None:
    said = words(page.run())
    assert "Up to 2,000 pictures at a time, 1,000 MB together" in said
    assert "up to 32 MB each. Or a zip of them, up to 500 MB." in said
    assert page.file_uploader[0].proto.max_upload_size_mb == 500


def test_a_zip_is_answered_picture_by_picture(api: StandIn, page: AppTest) -> None:
    answer_batches(api)
    drop(page, ("zoo.zip", zipped({"zoo/1.jpg": PHOTO, "zoo/2.jpg": PHOTO})))
    assert "All 2 pictures answered" in until_ended(page)
    assert list(page.dataframe[0].value["file"]) == ["zoo/1.jpg", "zoo/2.jpg"]


def test_filters_narrow_the_table(api: StandIn, page: AppTest) -> None:
    answer_batches(api, refused={"b.jpg": "truncated_image"})
    drop(page, ("a.jpg", PHOTO), ("b.jpg", PHOTO))
    until_ended(page)
    page.pills[0].set_value("refused").run()
    assert list(page.dataframe[0].value["file"]) == ["b.jpg"]
    assert "Download 1 row as CSV" in downloads(page)
    page.selectbox[0].set_value("tiger").run()
    assert "Nothing passes these filters" in words(page)


def test_filters_stand_in_the_address_and_outlive_reloads_looks_and_ways_back(
    api: StandIn, page: AppTest, open_page: OpenPage
) -> None:
    two_answered(api, page)
    page.pills[0].set_value("refused").run()
    assert page.query_params["show"] == "refused"
    again = open_page("batch")
    again.query_params.update({"job": page.query_params["job"], "show": "refused"})
    assert list(again.run().dataframe[0].value["file"]) == ["c.jpg"]
    assert again.pills[0].value == "refused"
    assert "1 of 1" in words(click(again, "Look at them one by one"))
    click(again, "All pictures")
    assert list(again.dataframe[0].value["file"]) == ["c.jpg"]
    assert list(again.dataframe[0].value)[-1] == "note"
    del again.query_params["show"]  # as the browser's way back does
    assert len(again.run().dataframe[0].value) == 3
    assert again.pills[0].value == "all"
    again.query_params["show"] = "nonsense"
    again.query_params["label"] = "unicorn"
    assert len(again.run().dataframe[0].value) == 3
    again.query_params["show"] = "confident"
    click(again.run(), "Start another batch")
    assert not again.query_params


def test_where_no_animal_is_seen_no_guess_is_measured(api: StandIn, page: AppTest) -> None:
    api.verdict = "not_an_animal"
    answer_batches(api)
    drop(page, ("wood.jpg", PHOTO))
    until_ended(page)
    table = page.dataframe[0].value
    assert list(table["answer"]) == ["No animal"]
    assert not {"score", "agree", "said", "note"} & set(table)
    click(page, "Look at them one by one")
    (folded,) = page.expander
    assert folded.label == "What it resembles most, all the same"
    assert "mng-bars" in folded.get("html")[0].proto.body


def test_files_that_are_no_pictures_are_counted_as_such(api: StandIn, page: AppTest) -> None:
    answer_batches(api, refused={"a.txt": "unsupported_format"})
    drop(page, ("a.txt", b"Dear Sir"))
    assert "The file cannot be used" in until_ended(page)
    assert page.dataframe[0].value["picture"][0].startswith("data:image/svg+xml")


def test_the_address_brings_a_batch_back_after_a_reload(
    api: StandIn, page: AppTest, open_page: OpenPage
) -> None:
    answer_batches(api)
    drop(page, ("a.jpg", PHOTO))
    until_ended(page)
    again = open_page("batch")
    again.query_params["job"] = page.query_params["job"]
    assert "One picture answered" in words(again.run())
    assert api.paths().count("/predict/batch") == 1


def test_a_batch_that_is_not_kept_is_said_with_a_way_on(page: AppTest) -> None:
    page.query_params["job"] = "gone"
    assert "This batch is no longer kept" in words(page.run())
    click(page, "Start another batch")
    assert "Many pictures at once" in words(page)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "1 hour"), ("7200", "2 hours"), ("90", "2 minutes"), ("20", "20 seconds")],
)
def test_how_long_a_batch_is_kept_is_a_setting(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, seconds: str | None, said: str
) -> None:
    if seconds is not None:
        monkeypatch.setenv("MENAGERIE_BATCH_KEPT_SECONDS", seconds)
    page.query_params["job"] = "gone"
    assert f"A batch is kept for {said} after it was looked at last" in words(page.run())


def test_an_interrupted_batch_says_why_and_goes_on(api: StandIn, page: AppTest) -> None:
    api.refuse("/predict/batch", 503, "not_ready")
    drop(page, ("a.jpg", PHOTO))
    said = until_ended(page)
    assert "The service is still starting" in said
    assert "Interrupted after 0 of 1 pictures" in said
    assert buttons(page) == ["Go on where it stopped", "Start another batch"]
    api.broken.clear()
    answer_batches(api)
    click(page, "Go on where it stopped")
    assert "One picture answered" in until_ended(page)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.zip", zipped({}), "There is nothing in it"),
        ("cut.zip", zipped({"a.jpg": PHOTO})[:-30], "“cut.zip” is no zip that can be opened"),
    ],
)
def test_a_zip_of_no_use_is_said_before_it_begins(page: AppTest, name: str, data: bytes, said: str) -> None:
    assert said in words(drop(page, (name, data)))
    assert "job" not in page.query_params
    assert len(page.file_uploader) == 1


def test_files_for_which_there_is_no_room_are_kept_until_there_is(
    api: StandIn, page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer_batches(api)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with small_disk(tmp_path, megabytes=1):
        filler = fill(tmp_path)
        said = words(drop(page, ("a.jpg", PHOTO), ("b.jpg", PHOTO)))
        assert "There is no room for them at present" in said
        assert "The disk of this page is full" in said
        assert "job" not in page.query_params
        assert "The disk of this page is full" in words(click(page, "Try again with these files"))
        filler.unlink()
        click(page, "Try again with these files")
        assert "All 2 pictures answered" in until_ended(page)
        assert "Try again with these files" not in buttons(click(page, "Start another batch"))
        jobs().close()


def test_a_service_that_is_away_is_said_at_once(api: StandIn, page: AppTest) -> None:
    api.refuse("/readyz", 503, "not_ready")
    assert "The service is still starting" in words(page.run())
    assert not page.file_uploader


def two_answered(api: StandIn, page: AppTest) -> AppTest:
    answer_batches(api, refused={"c.jpg": "truncated_image"})
    api.more["POST", "/feedback"] = lambda _asked: {"id": 1, "image_id": None}
    api.more["GET", "/models"] = lambda _asked: {"explains": False}
    api.labels = ["tiger"]
    drop(page, ("a.jpg", PHOTO), ("b.jpg", PHOTO), ("c.jpg", PHOTO))
    until_ended(page)
    return page


def test_a_picture_is_looked_at_closely_and_the_next_one_too(api: StandIn, page: AppTest) -> None:
    two_answered(api, page)
    said = words(click(page, "Look at them one by one"))
    assert "This looks like: tiger (93 % sure)." in said
    assert "a.jpg" in said
    assert "1 of 3" in said
    assert api.last("/similar").fields["file"] == PHOTO
    assert "b.jpg" in words(click(page, "Next"))
    assert "Part of this picture is missing." in words(click(page, "Next"))
    assert not page.selectbox
    assert len(click(page, "All pictures").dataframe) == 1


def explain(page: AppTest) -> AppTest:
    next(one for one in page.toggle if one.label == "Show why").set_value(True)
    return page.run()


def test_why_is_laid_over_the_picture_and_asked_of_each_anew(api: StandIn, page: AppTest) -> None:
    api.more["GET", "/models"] = lambda _asked: {"explains": True}
    box = {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0}
    api.more["POST", "/explain"] = lambda _asked: {"label": "tiger", "heat": [[0.0, 1.0]], "box": box}
    answer_batches(api)
    drop(page, ("a.jpg", PHOTO), ("b.jpg", OTHER))
    until_ended(page)
    click(page, "Look at them one by one")
    assert "What spoke for “tiger”" in words(explain(page))
    assert len(page.image) == 1
    assert api.last("/explain").fields == {"label": "tiger", "file": PHOTO}
    assert "What spoke for" not in words(click(page, "Next"))
    explain(page)
    assert api.last("/explain").fields["file"] == OTHER


def test_of_a_picture_that_is_gone_nothing_more_is_asked(
    api: StandIn, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "MOST_KEPT_BYTES", 0)
    api.more["GET", "/models"] = lambda _asked: {"explains": True}
    answer_batches(api)
    drop(page, ("a.jpg", PHOTO))
    until_ended(page)
    # The files go after the last answer came.
    deadline = time.monotonic() + SECONDS
    while "The picture itself is gone" not in words(click(page, "Look at them one by one")):
        assert time.monotonic() < deadline
        click(page, "All pictures")
        del page.session_state["batch-visit"]
    assert not page.toggle
    asked = len(api.asked)
    page.run()
    assert len(api.asked) == asked


def test_only_what_passes_the_filters_is_gone_through(api: StandIn, page: AppTest) -> None:
    two_answered(api, page)
    page.pills[0].set_value("refused").run()
    assert "1 of 1" in words(click(page, "Look at them one by one"))
    assert page.query_params["row"] == "3"


def test_what_was_reported_of_a_row_stands_in_the_table_and_survives_a_reload(
    api: StandIn, page: AppTest, open_page: OpenPage
) -> None:
    two_answered(api, page)
    click(click(page, "Look at them one by one"), "No")
    next(one for one in page.selectbox if one.label == "What is it, then?").set_value("lion")
    click(page, "Send")
    assert api.last("/feedback").body == {"prediction_id": "1", "correct": False, "label": "lion"}
    assert 'menagerieLead("thanks-' in words(page)
    again = open_page("batch")
    again.query_params["job"] = page.query_params["job"]
    again.query_params["row"] = "1"
    assert "You said that this is wrong, and shows: lion." in words(again.run())
    assert 'menagerieLead("thanks-' not in words(again)  # whoever only looks at it again is not led there
    assert list(click(again, "All pictures").dataframe[0].value["said"]) == ["wrong: lion", "", ""]


def test_a_row_that_the_batch_does_not_have_is_said_with_a_way_back(api: StandIn, page: AppTest) -> None:
    two_answered(api, page)
    for row in ("99", "0", "9" * 5000):
        page.query_params["row"] = row
        assert "This batch has no such picture" in words(page.run())
    assert len(click(page, "All pictures of the batch").dataframe) == 1
