"""What all pages have around them."""

import tomllib
from pathlib import Path

import pytest

import frontend.app
from frontend.uploads import MOST_PICTURE_MB, MOST_ZIP_MB
from tests.frontend.at_the_page import OpenPage, words


def test_a_wrong_setting_stops_the_page_and_the_log_has_its_name_and_value(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    page = open_page("identify")
    monkeypatch.setenv("MENAGERIE_API_URL", "nowhere")
    said = words(page.run())
    assert "This page is not set up correctly" in said
    assert "nowhere" not in said
    assert "MENAGERIE_API_URL='nowhere'" in caplog.text
    assert not page.segmented_control


def test_the_server_takes_as_much_as_the_page_that_takes_most() -> None:
    settings = Path(frontend.app.__file__).parent / ".streamlit" / "config.toml"
    server = tomllib.loads(settings.read_text(encoding="utf-8"))["server"]
    assert server["maxUploadSize"] == max(MOST_ZIP_MB, MOST_PICTURE_MB)


def test_the_pages_load_nothing_from_the_internet() -> None:
    here = Path(frontend.app.__file__).parent
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in (here / "style").glob("*.css"))
    assert sheets
    assert "@import" not in sheets
    assert "url(http" not in sheets.replace('"', "")


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("batch", "Many pictures at once"),
        ("library", "Library"),
        ("review", "Review"),
        ("models", "Models"),
    ],
)
def test_each_page_opens_by_its_address(open_page: OpenPage, name: str, heading: str) -> None:
    page = open_page(name).run()
    assert heading in words(page) or heading in [title.value for title in page.title]
