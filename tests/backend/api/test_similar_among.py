"""Which pictures may be recommended: by label, split, root and date, alike or diverse."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create_app
from tests.backend.api.conftest import PER_LABEL, Library
from tests.backend.api.test_similar import ids_of, similar
from tests.drawing import picture
from tests.tiny_text import add_text, write_text_manifest


def names(found: Any) -> set[tuple[str, str]]:
    return {(item["image"]["label"], item["image"]["file_name"]) for item in found["items"]}


def test_any_label_means_all_of_them(client: TestClient) -> None:
    found = similar(client, picture("red", 99), label="any", k=50)
    assert found["label"] == "any"
    assert found["available"] == len(found["items"]) == 3 * PER_LABEL  # of two copies one is told
    assert found["items"][0]["image"]["label"] == "red"


def test_of_copies_one_is_told_with_how_many_there_are(client: TestClient) -> None:
    items = similar(client, picture("red", 99), k=50)["items"]
    assert {item["image"]["file_name"]: item["alike"] for item in items} == {
        **{f"{number}.jpg": 1 for number in range(1, PER_LABEL)},
        "0.jpg": 2,
    }


def test_a_library_picture_can_be_asked_for_all_labels(client: TestClient) -> None:
    ids = ids_of(client, "red")
    found = similar(client, image_id=ids["1.jpg"], label="any", k=50)
    assert ("red", "1.jpg") not in names(found)
    assert found["available"] == 3 * PER_LABEL - 1


def test_pictures_of_one_split_can_be_asked_for(client: TestClient) -> None:
    for split in ("train", "val", "test"):
        listed = client.get("/images", params={"split": split}).json()["items"]
        found = similar(client, picture("red", 99), label="any", split=split, k=50)
        assert found["items"]
        assert {item["image"]["split"] for item in found["items"]} == {split}
        assert sum(item["alike"] for item in found["items"]) == len(listed)


def test_pictures_of_one_root_can_be_asked_for(client: TestClient) -> None:
    assert similar(client, picture("red", 99), source="colours")["available"] == PER_LABEL
    response = client.post("/similar", files={"file": picture("red")}, params={"source": "shapes"})
    assert (response.status_code, response.json()["code"]) == (404, "unknown_source")
    assert "task 'colours' has no root 'shapes'; menagerie roots list" in response.json()["detail"]


def test_pictures_that_came_in_at_some_time_can_be_asked_for(client: TestClient) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    cases: tuple[tuple[dict[str, Any], int], ...] = (
        ({"since": tomorrow.isoformat()}, 0),
        ({"before": tomorrow.isoformat()}, PER_LABEL),
        ({"since": "2026-01-01"}, PER_LABEL),  # UTC where no zone is said
        ({"since": "2026-01-01T00:00:00", "before": "2026-01-02T00:00:00+01:00"}, 0),
    )
    for asked, available in cases:
        assert similar(client, picture("red", 99), **asked)["available"] == available


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"before": "9999-12-31T23:00:00-02:00"},
        {"split": "all"},
        {"diversity": 1.5},
        {"diversity": "nan"},
        {"diversity": "much"},
        {"k": 0},
    ],
    ids=str,
)
def test_what_is_no_date_split_or_share_is_refused(client: TestClient, asked: dict[str, Any]) -> None:
    response = client.post("/similar", files={"file": picture("red")}, params=asked)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert next(iter(asked)) in response.json()["detail"]


def test_diverse_answers_begin_with_the_nearest_and_are_as_many(client: TestClient) -> None:
    near = similar(client, picture("red", 99), label="any", k=5)
    diverse = similar(client, picture("red", 99), label="any", k=5, diversity=0.7)
    assert diverse["items"][0] == near["items"][0]
    assert len(diverse["items"]) == 5
    assert len({item["image"]["label"] for item in diverse["items"]}) > len(
        {item["image"]["label"] for item in near["items"]}
    )


def test_a_picture_without_a_label_is_asked_for_one(client: TestClient, small_library: Library) -> None:
    (small_library.root.parent / "loose.jpg").write_bytes(picture("red", 71))
    table = small_library.root.parent / "loose.csv"
    table.write_text("file_path,label\nloose.jpg,\n")
    image_id = small_library.add(table)
    client.app.state.succession.service.gallery.follow()  # type: ignore[attr-defined]
    response = client.post("/similar", data={"image_id": image_id})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert f"picture {image_id} has no label: say one, or label=any" in response.json()["detail"]
    assert similar(client, image_id=image_id, label="any")["items"][0]["image"]["label"] == "red"
    assert similar(client, image_id=image_id, label="green")["label"] == "green"


@pytest.fixture
def reading(small_library: Library) -> Iterator[TestClient]:
    """A service whose model reads the names of the colours."""
    add_text(small_library.bundles / "colours-1")
    with TestClient(create_app(small_library.settings)) as client:
        yield client


def ask_text(client: TestClient, text: str, **params: Any) -> Any:
    return client.post("/similar", params={"text": text, **params})


def test_a_text_finds_what_shows_that(reading: TestClient) -> None:
    found = ask_text(reading, "Green", k=6).json()
    assert (found["label"], found["available"]) == ("any", 3 * PER_LABEL)
    assert {item["image"]["label"] for item in found["items"]} == {"green"}
    among = ask_text(reading, "green", label="blue", k=50).json()
    assert (among["label"], among["available"]) == ("blue", PER_LABEL)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_text"),
        ("red " * 20, "text_too_long"),
        ("x" * 2000, "invalid_request"),
        ("red <end> blue", "invalid_text"),
    ],
)
def test_a_text_that_says_nothing_or_too_much_is_refused(reading: TestClient, text: str, code: str) -> None:
    response = ask_text(reading, text)
    assert (response.status_code, response.json()["code"]) == (422, code)


@pytest.mark.parametrize(("aligned", "told"), [(True, "aligned"), (False, "moved")])
def test_how_well_texts_are_read_is_told(small_library: Library, aligned: bool, told: str) -> None:
    add_text(small_library.bundles / "colours-1")
    write_text_manifest(small_library.bundles / "colours-1", aligned=aligned)
    with TestClient(create_app(small_library.settings)) as client:
        assert client.get("/models").json()["texts"] == told


def test_a_network_for_texts_that_does_not_load_is_told_and_logged_once(
    reading: TestClient, small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    (small_library.bundles / "colours-1" / "text.onnx").write_bytes(b"not a model")
    for _ in range(2):
        response = ask_text(reading, "red")
        assert (response.status_code, response.json()["code"]) == (503, "text_search_unavailable")
        assert int(response.headers["Retry-After"]) > 0
        assert "send a picture" in response.json()["detail"]
    assert [one.levelname for one in caplog.records if "text.onnx" in one.getMessage()] == ["ERROR"]
    assert similar(reading, picture("red", 99))["items"]


def test_a_model_that_reads_no_texts_says_so(client: TestClient) -> None:
    response = ask_text(client, "red")
    assert (response.status_code, response.json()["code"]) == (422, "no_text_search")
    assert "colours-1 reads no texts" in response.json()["detail"]


def test_a_text_and_a_picture_at_once_are_refused(client: TestClient) -> None:
    response = client.post("/similar", params={"text": "red", "image_id": 1})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
