"""Of a picture that was deleted nothing is to be seen on any page about models or pictures."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from backend.api.settings import Settings
from backend.keeping.forgetting import delete_pictures
from backend.keeping.pages import clear_pages
from databases import library, sent
from databases.library import LibraryImage
from databases.places import RemoteFile
from databases.sent import Which
from tests.backend.api.conftest import TASK, Library
from tests.backend.keeping.conftest import STRANGER, send, serving
from tests.drawing import picture
from training.checking.check import Checkup
from training.checking.findings import BLURRY, Finding, Found
from training.reporting.check_page import check_page
from training.reporting.thumbnails import thumbnail

Ids = dict[str, int]


@pytest.fixture
def ids(small_library: Library) -> Ids:
    """Of the picture that Anna sent, and of Bob's."""
    with serving(small_library) as client:
        return {
            name: send(client, data, name)
            for name, data in (("Anna", STRANGER), ("Bob", picture("blue", 78)))
        }


def images(small: Library, ids: Ids) -> dict[str, LibraryImage]:
    with Session(small.engine) as session:
        found = library.find_images(session, list(ids.values()))
    return {name: found[image_id] for name, image_id in ids.items()}


def shown(image: LibraryImage) -> str:
    """What a page holds that shows it."""
    made = thumbnail(image.place)
    assert made is not None
    return made.address


def page_of(found: dict[str, LibraryImage]) -> str:
    findings = tuple(Finding(image, {"sharpness": 0.1}) for image in found.values())
    return check_page(Checkup(TASK, len(findings), (Found(BLURRY, findings),), ()))


def as_before(page: str) -> str:
    """As an older version wrote it."""
    return re.sub(r' data-sha256="\w+"', "", page)


@pytest.mark.parametrize("written", [str, as_before], ids=["told", "by name"])
def test_a_deleted_picture_is_on_no_page_and_others_are(
    small_library: Library, ids: Ids, written: Callable[[str], str]
) -> None:
    found = images(small_library, ids)
    address = {name: shown(image) for name, image in found.items()}
    folder = small_library.reports
    pages = [
        folder / "colours-1" / "report.html",
        folder / ".before-20260101" / "colours-check" / "check.html",
    ]
    for path in pages:
        path.parent.mkdir(parents=True)
        path.write_text(written(page_of(found)), encoding="utf-8")
        path.chmod(0o640)
    other = folder / "audit.html"
    other.write_text(page_of({"Bob": found["Bob"]}), encoding="utf-8")
    untouched = other.stat().st_mtime_ns
    with Session(small_library.engine) as session:
        pictures = sent.find(session, Which("Anna"))
    assert delete_pictures(small_library.engine, small_library.settings, pictures, "Anna").pages == 2
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert address["Anna"] not in text
        assert address["Bob"] in text
        assert text.count('<div class="gone">deleted</div>') == 1
        assert path.stat().st_mode & 0o777 == 0o640
    assert other.stat().st_mtime_ns == untouched
    with serving(small_library) as client:
        served = client.get("/models/colours-1/report").text
        assert (address["Anna"] in served, address["Bob"] in served) == (False, True)


def test_pages_at_a_url_are_written_anew_and_their_copies_here(
    small_library: Library, ids: Ids, tmp_path: Path
) -> None:
    found = images(small_library, ids)
    page = page_of(found).encode()
    there = RemoteFile("memory://pages") / "colours-1" / "report.html"
    here = tmp_path / "cache" / "reports" / "colours-1" / "report.html"
    here.parent.mkdir(parents=True)
    for place in (there, here):
        place.write_bytes(page)
    changes = {"reports": RemoteFile("memory://pages"), "cache": tmp_path / "cache"}
    settings: Settings = small_library.settings.model_copy(update=changes)
    assert clear_pages(settings, {found["Anna"].sha256}) == 2
    for place in (there, here):
        assert shown(found["Anna"]).encode() not in place.read_bytes()
        assert shown(found["Bob"]).encode() in place.read_bytes()
    assert clear_pages(settings, {found["Anna"].sha256}) == 0
    there.remove()


def test_a_page_that_cannot_be_written_anew_stops_all_before_a_row_is_deleted(
    small_library: Library, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_library.reports / "colours-1" / "report.html"
    path.parent.mkdir(parents=True)
    path.write_text(page_of(images(small_library, ids)), encoding="utf-8")
    with Session(small_library.engine) as session:
        pictures = sent.find(session, Which("Anna"))

    def refuse(*_: object) -> None:
        raise PermissionError(f"{path} may not be written")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError, match="may not be written"):
        delete_pictures(small_library.engine, small_library.settings, pictures, "Anna")
    monkeypatch.undo()
    assert not list(path.parent.glob(".*"))
    with Session(small_library.engine) as session:
        again = sent.find(session, Which("Anna"))
    assert [one.id for one in again] == [one.id for one in pictures]
    assert delete_pictures(small_library.engine, small_library.settings, again, "Anna").pages == 1
