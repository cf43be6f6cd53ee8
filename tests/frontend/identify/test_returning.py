"""A page that is loaded anew finds the picture again that its visitor brought along."""

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from frontend.answering import brought
from frontend.answering.brought import Pictures
from frontend.picture import Picture
from tests.frontend.at_the_page import OpenPage, buttons, click, words
from tests.frontend.clock import Clock
from tests.frontend.identify.asking import PHOTO, upload
from tests.frontend.stand_in import StandIn
from tests.waiting import wait_until

TIGER = Picture("tiger.jpg", PHOTO[1])


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the pictures lie."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def pictures(files: Path) -> Iterator[Pictures]:
    del files
    pictures = Pictures(kept_seconds=3600)
    yield pictures
    pictures.close()


def kept(files: Path) -> list[str]:
    return [path.name for path in files.rglob("*") if path.is_file()]


def loaded_anew(page: AppTest, open_page: OpenPage) -> AppTest:
    again = open_page("identify")
    again.query_params["picture"] = page.query_params["picture"]
    return again.run()


def test_the_answer_is_there_again_and_nobody_is_asked_anew(
    api: StandIn, page: AppTest, open_page: OpenPage
) -> None:
    api.labels = ["tiger"]
    api.more["POST", "/feedback"] = lambda _asked: {"id": 1, "image_id": None}
    click(upload(page, PHOTO), "Yes")
    again = loaded_anew(page, open_page)
    said = words(again)
    assert "This looks like: tiger (93 % sure)." in said
    assert "Thank you, noted." in said
    assert "Yes" not in buttons(again)
    assert len(again.image) == 1
    assert api.last("/similar").fields["file"] == PHOTO[1]
    assert api.paths().count("/predict") == 1


def test_one_that_was_not_answered_yet_is_asked_about(
    api: StandIn, page: AppTest, open_page: OpenPage
) -> None:
    api.refuse("/predict", 503, "not_ready")
    upload(page, PHOTO)
    api.broken.clear()
    assert "tiger (93 % sure)" in words(loaded_anew(page, open_page))


def test_only_the_last_picture_of_a_visitor_is_kept(page: AppTest, open_page: OpenPage, files: Path) -> None:
    upload(page, PHOTO)
    first = page.query_params["picture"]
    again = loaded_anew(page, open_page)
    upload(again, PHOTO)
    assert kept(files) == [again.query_params["picture"]]
    assert again.query_params["picture"] != first
    gone = loaded_anew(page, open_page)
    assert "This picture is no longer here" in words(gone)
    assert "is kept for 1 hour after you looked at it" in words(gone)
    assert gone.file_uploader
    click(again, "Another picture")
    assert not kept(files)


def test_how_long_a_picture_is_kept_is_told_where_it_is_asked_for(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENAGERIE_BATCH_KEPT_SECONDS", "600")
    assert "forgets it with your next one, or 10 minutes after you left." in words(upload(page, PHOTO))


def test_one_that_nobody_looks_at_any_more_goes(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(brought, "time", clock)
    pictures = Pictures(kept_seconds=0.5)
    for _ in range(2):  # the next one is watched as well
        clock.now = time.monotonic()
        token = pictures.keep(TIGER, comparable=True)
        assert kept(files) == [token]
        clock.now += 60
        wait_until(lambda: not kept(files))
        assert pictures.find(token) is None
    pictures.close()


def test_of_too_many_or_too_large_ones_those_go_that_nobody_saw_for_longest(
    pictures: Pictures, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought, "MOST", 2)
    first, second = (pictures.keep(TIGER, comparable=True) for _ in range(2))
    pictures.find(first)
    third = pictures.keep(TIGER, comparable=True)
    assert {*kept(files)} == {first, third}
    assert pictures.find(second) is None
    monkeypatch.setattr(brought, "MOST_BYTES", 2 * len(TIGER.data) - 1)
    last = pictures.keep(TIGER, comparable=True)
    assert kept(files) == [last]


def test_where_nothing_can_be_written_an_answer_comes_all_the_same(
    page: AppTest, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(files / "nowhere"))
    assert "tiger (93 % sure)" in words(upload(page, PHOTO))
    assert "tiger (93 % sure)" in words(page.run())


def test_a_disk_without_room_keeps_no_part_of_a_picture(files: Path) -> None:
    pictures = Pictures(kept_seconds=600)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(TIGER.data) - 1, before[1]))
    try:
        token = pictures.keep(TIGER, comparable=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert pictures.find(token) is None
    assert not kept(files)
    pictures.close()


def test_a_file_that_somebody_cleared_away_is_gone(pictures: Pictures, files: Path) -> None:
    token = pictures.keep(TIGER, comparable=True)
    next(path for path in files.rglob("*") if path.is_file()).unlink()
    assert pictures.find(token) is None
    pictures.forget(token)
