"""The page of what was found in a task's pictures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from databases.library import LibraryImage
from tests.browser import chromium
from tests.drawing import picture
from tests.training.making import image
from tests.training.reporting.test_pages import HOSTILE, Elements
from training.checking.check import Checkup
from training.checking.findings import BLURRY, OUTLIER, SUSPECT, Finding, Found
from training.reporting.check_page import MOST_SHOWN, check_page
from training.reporting.check_writing import write_checkup


@pytest.fixture
def drawn(tmp_path: Path) -> LibraryImage:
    """A picture that is there, with a name and a label that look like markup."""
    (tmp_path / "<b>.jpg").write_bytes(picture("red"))
    row = replace(image(7, HOSTILE[0], "test"), root_uri=str(tmp_path), uri="<b>.jpg", task="my task")
    return replace(row, sha256="0" * 64)


def checkup_of(*findings: Finding) -> Checkup:
    return Checkup("my task", 100, (Found(SUSPECT, findings), Found(BLURRY, ())), ("A note.",))


def suspect(drawn: LibraryImage, better: str | None) -> Finding:
    return Finding(drawn, {"probability": 0.997, "own_probability": 0.02}, better)


def test_a_finding_is_shown_with_what_may_be_done_about_it(drawn: LibraryImage) -> None:
    page = Elements(check_page(checkup_of(suspect(drawn, "sea lion"))))
    assert "sea lion, over 99 %" in page.text
    assert "labelled <img src=x onerror=alert(1)>, 2 %" in page.text
    assert "menagerie pictures relabel 7 --task 'my task' --to='sea lion'" in page.text
    assert "menagerie pictures exclude 7 --task 'my task'" in page.text
    assert "menagerie check --task 'my task' --exclude suspect" in page.text
    assert "This excludes all but the 1 of the test split" in page.text
    assert "1 of 100 pictures should be looked at." in page.text
    assert "A note." in page.text
    assert "Found in no picture: blurry." in page.text


def test_nothing_is_fetched_and_nothing_taken_for_markup(drawn: LibraryImage) -> None:
    page = Elements(check_page(checkup_of(suspect(drawn, HOSTILE[1]), suspect(drawn, HOSTILE[2]))))
    assert page.addresses() == {"data", "#"}
    assert not [attrs for _, attrs in page.found if "onerror" in attrs or attrs.get("src") == "x"]
    assert not [tag for tag, _ in page.found if tag == "script"]


def test_a_picture_that_shows_no_animal_has_no_better_label(drawn: LibraryImage) -> None:
    page = Elements(check_page(checkup_of(suspect(drawn, None))))
    assert "no animal, over 99" in page.text
    assert "pictures relabel 7" not in page.text


def test_a_picture_that_is_gone_leaves_a_note_and_the_worst_are_shown(drawn: LibraryImage) -> None:
    many = [Finding(replace(drawn, id=n, uri="absent.jpg"), {"distance": 0.5}) for n in range(MOST_SHOWN + 3)]
    page = Elements(check_page(Checkup("pets", 100, (Found(OUTLIER, tuple(many)),), ())))
    assert page.text.count("the file is gone") == MOST_SHOWN
    assert f"The {MOST_SHOWN} worst are shown, all of them are in check.json." in page.text
    assert "distance 0.5" in page.text


def test_the_figures_hold_every_finding_by_its_kind(drawn: LibraryImage, tmp_path: Path) -> None:
    written = write_checkup(checkup_of(suspect(drawn, "sea lion"), suspect(drawn, None)), tmp_path / "out")
    figures = json.loads(written.figures.read_text())
    assert figures["format_version"] == 1
    assert [one["better_label"] for one in figures["found"]["suspect"]] == ["sea lion", None]
    assert figures["found"]["suspect"][0]["figures"] == {"probability": 0.997, "own_probability": 0.02}
    assert figures["found"]["blurry"] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_the_screen_and_its_commands_unfold(
    drawn: LibraryImage, tmp_path: Path, width: int
) -> None:
    long = replace(drawn, label="w" * 90, uri="<b>.jpg")
    written = write_checkup(checkup_of(suspect(long, "v" * 90)), tmp_path / "out")
    asked: list[str] = []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(written.page.as_uri())
        command = page.locator("code.command").first
        assert not command.is_visible()
        page.locator("summary").first.click()
        assert command.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [url for url in asked if not url.startswith("data:")] == [written.page.as_uri()]
