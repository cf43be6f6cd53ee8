"""Pictures and thumbnails are sent once to who keeps them, and thumbnails made once."""

import io
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from backend.api.app import create_app
from backend.api.settings import Settings
from backend.api.thumbnails import Thumbnails, make_thumbnail
from databases.settings import PROJECT, load_settings
from tests.backend.api.conftest import Library
from tests.backend.api.test_observed import metric
from tests.drawing import encode, picture

WHATS = ("content", "thumbnail")
WHAT = pytest.mark.parametrize("what", WHATS)
QUEUED = 'menagerie_stage_seconds_count{stage="queue"}'
SHA256 = "ab" * 32


def link(what: str) -> str:
    return f"/images/1/{what}"


def original(client: TestClient, small_library: Library) -> Path:
    item = client.get("/images/1").json()
    return small_library.root.joinpath(item["label"], item["file_name"])


def kept(folder: Path) -> list[Path]:
    """Every file below, hidden ones too."""
    return [path for path in folder.rglob("*") if path.is_file()]


@WHAT
@pytest.mark.parametrize("held", ["{}", "W/{}", '"other", {}', '"a,b" ,W/{} , "c"', "*", " * "])
def test_what_a_client_holds_is_not_even_opened(
    client: TestClient, small_library: Library, what: str, held: str
) -> None:
    first = client.get(link(what))
    assert first.headers["cache-control"].startswith("private, max-age=")
    original(client, small_library).unlink()
    for path in kept(small_library.settings.thumbnails):
        path.unlink()
    queued = metric(client, QUEUED)
    for method in ("GET", "HEAD"):
        again = client.request(
            method, link(what), headers={"if-none-match": held.format(first.headers["etag"])}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
    assert metric(client, QUEUED) == queued


@WHAT
@pytest.mark.parametrize("held", ['"other"', "", "{0}-", "W/", '"x{0}', "no tag"])
def test_what_a_client_does_not_hold_is_sent(client: TestClient, what: str, held: str) -> None:
    first = client.get(link(what))
    bare = first.headers["etag"].strip('"')
    again = client.get(link(what), headers={"if-none-match": held.format(bare)})
    assert (again.status_code, again.content) == (200, first.content)


def test_lists_of_tags_may_come_in_several_headers(client: TestClient) -> None:
    tag = client.get(link("content")).headers["etag"]
    headers = [("if-none-match", '"other"'), ("if-none-match", tag)]
    assert client.get(link("content"), headers=headers).status_code == 304


def test_a_picture_and_its_thumbnail_have_tags_of_their_own(client: TestClient) -> None:
    tags = {client.get(f"/images/{number}/{what}").headers["etag"] for number in (1, 2) for what in WHATS}
    assert len(tags) == 4
    assert not any(tag.startswith("W/") for tag in tags)


@WHAT
def test_head_tells_all_but_the_picture(client: TestClient, what: str) -> None:
    asked, told = client.get(link(what)), client.head(link(what))
    assert (told.status_code, told.content) == (200, b"")
    for name in ("etag", "cache-control", "content-type", "content-length"):
        assert told.headers[name] == asked.headers[name]
    assert int(told.headers["content-length"]) == len(asked.content)
    assert client.head(f"/images/999/{what}").status_code == 404


def test_a_thumbnail_is_made_once_whatever_becomes_of_the_picture(
    client: TestClient, small_library: Library
) -> None:
    first = client.get(link("thumbnail"))
    queued = metric(client, QUEUED)
    original(client, small_library).unlink()
    again = client.get(link("thumbnail"))
    assert (again.status_code, again.content, again.headers["etag"]) == (
        200,
        first.content,
        first.headers["etag"],
    )
    assert metric(client, QUEUED) == queued
    (path,) = kept(small_library.settings.thumbnails)
    assert path.parent.name == path.name[:2]


@pytest.mark.parametrize("left", [b"", b"\xff\xd8\xff\xe0 cut short"])
def test_a_thumbnail_that_a_crash_left_incomplete_is_made_anew(
    client: TestClient, small_library: Library, left: bytes
) -> None:
    first = client.get(link("thumbnail"))
    (path,) = kept(small_library.settings.thumbnails)
    path.write_bytes(left)
    assert client.get(link("thumbnail")).content == first.content
    assert path.read_bytes() == first.content


def test_what_took_a_pictures_place_is_shown_and_kept_by_nobody(
    client: TestClient, small_library: Library
) -> None:
    original(client, small_library).write_bytes(picture("blue", 99))
    for what in WHATS:
        answer = client.get(link(what))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in answer.headers
    assert not kept(small_library.settings.thumbnails)


@pytest.fixture
def nowhere(small_library: Library, tmp_path: Path) -> Iterator[TestClient]:
    """A service whose folder of thumbnails cannot be written: a file is in its place."""
    (tmp_path / "file").write_text("in the way")
    settings = small_library.settings.model_copy(update={"thumbnails": tmp_path / "file"})
    with TestClient(create_app(settings)) as client:
        yield client


def test_thumbnails_that_cannot_be_kept_are_made_each_time_and_told_of_once(
    nowhere: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for number in (1, 1, 2):
            answer = nowhere.get(f"/images/{number}/thumbnail")
            assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
    (record,) = [record for record in caplog.records if record.name == "backend.api.thumbnails"]
    assert "MENAGERIE_THUMBNAILS=" in record.getMessage()


def test_a_disk_that_is_full_leaves_no_half_a_thumbnail(tmp_path: Path) -> None:
    folder = tmp_path / "thumbnails"
    # What cannot take the place of a folder fails as late as a full disk does.
    (folder / SHA256[:2] / f"{SHA256}-320.jpg" / "in the way").mkdir(parents=True)
    thumbnails = Thumbnails(folder)
    thumbnails.keep(SHA256, make_thumbnail(picture("red")))
    assert thumbnails.find(SHA256) is None
    assert not kept(folder)


def test_several_may_keep_the_same_thumbnail_at_once(tmp_path: Path) -> None:
    large = make_thumbnail(encode(Image.effect_noise((640, 640), 80).convert("RGB")))
    Thumbnails(tmp_path).keep(SHA256, large)

    def keep_and_find(_: int) -> bytes | None:
        thumbnails = Thumbnails(tmp_path)
        thumbnails.keep(SHA256, large)
        return thumbnails.find(SHA256)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(keep_and_find, range(200))) == {large}
    assert len(kept(tmp_path)) == 1


def test_thumbnails_lie_beside_the_bundles_or_where_the_setting_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert load_settings(Settings).thumbnails == PROJECT / "thumbnails"
    monkeypatch.setenv("MENAGERIE_BUNDLES", "/state/bundles")
    assert load_settings(Settings).thumbnails == Path("/state/thumbnails")
    monkeypatch.setenv("MENAGERIE_THUMBNAILS", str(tmp_path))
    assert load_settings(Settings).thumbnails == tmp_path
