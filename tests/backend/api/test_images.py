import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from databases import library
from databases.models import Root
from tests.backend.api.conftest import TASK, Library
from tests.drawing import draw, encode, picture
from tests.object_store import Bucket
from training.ingestion.run import SplitPlan, ingest
from training.ingestion.sources import open_source
from training.ingestion.store import Store, open_store
from training.progress import Silent


def test_a_picture_is_described_and_its_links_lead_to_it(client: TestClient, small_library: Library) -> None:
    item = client.get("/images", params={"label": "green", "limit": 1}).json()["items"][0]
    assert client.get(f"/images/{item['id']}").json().items() >= item.items()
    assert (item["width"], item["height"], item["format"]) == (48, 32, "JPEG")
    content = client.get(item["links"]["content"])
    assert content.headers["content-type"] == "image/jpeg"
    assert content.headers["x-content-type-options"] == "nosniff"
    assert content.content == (small_library.root / "green" / item["file_name"]).read_bytes()


def test_a_thumbnail_is_a_small_upright_jpeg(client: TestClient, small_library: Library) -> None:
    sideways = Image.Exif()
    sideways[0x0112] = 6
    wide = draw("red", 3, size=(1000, 500))
    (small_library.root / "red" / "wide.png").write_bytes(encode(wide, "PNG", exif=sideways))
    small_library.update()
    item = next(i for i in client.get("/images").json()["items"] if i["file_name"] == "wide.png")
    assert (item["width"], item["height"]) == (500, 1000)
    response = client.get(item["links"]["thumbnail"])
    thumbnail = Image.open(io.BytesIO(response.content))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (160, 320))
    assert np.asarray(thumbnail)[160, 80, 0] > 180


def test_an_unchanged_thumbnail_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/images/1/thumbnail")
    again = client.get("/images/1/thumbnail", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_links_of_a_picture_change_with_its_content_alone(client: TestClient, small_library: Library) -> None:
    def listed() -> dict[int, dict[str, str]]:
        return {item["id"]: item["links"] for item in client.get("/images").json()["items"]}

    before = listed()
    item = client.get("/images").json()["items"][0]
    (small_library.root / item["label"] / item["file_name"]).write_bytes(picture(item["label"], 99))
    small_library.update()
    after = listed()
    changed = item["id"]
    assert after[changed]["thumbnail"] != before[changed]["thumbnail"]
    assert after[changed]["content"] != before[changed]["content"]
    assert after == before | {changed: after[changed]}


def test_a_picture_that_left_its_place_is_a_problem(client: TestClient, small_library: Library) -> None:
    item = client.get("/images").json()["items"][0]
    (small_library.root / item["label"] / item["file_name"]).unlink()
    for link in item["links"].values():
        response = client.get(link)
        assert (response.status_code, response.json()["code"]) == (404, "file_missing")
        assert str(small_library.root) not in response.text


def test_a_picture_that_was_spoilt_in_its_place_is_a_problem(
    client: TestClient, small_library: Library
) -> None:
    item = client.get("/images").json()["items"][0]
    (small_library.root / item["label"] / item["file_name"]).write_bytes(picture("red")[:300])
    response = client.get(item["links"]["thumbnail"])
    assert (response.status_code, response.json()["code"]) == (415, "truncated_image")


@pytest.mark.parametrize("path", ["/images/0", "/images/x", "/images/-1", f"/images/{2**40}"])
def test_an_impossible_id_is_a_problem(client: TestClient, path: str) -> None:
    assert client.get(path).json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    "path", ["/images/999", "/images/999/thumbnail", "/images/..%2f..%2fetc%2fpasswd", "/nothing"]
)
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code in (404, 422)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("what", ["", "/content", "/thumbnail"])
def test_a_picture_of_another_task_is_not_found(
    client: TestClient, small_library: Library, what: str
) -> None:
    source = open_source(small_library.root / "red")
    ingest(small_library.engine, source, name="other", task="other", plan=SplitPlan(), progress=Silent())
    with Session(small_library.engine) as session:
        (other, *_) = library.task_images(session, "other")
    response = client.get(f"/images/{other.id}{what}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["detail"] == f"the library has no picture {other.id}"


def take_in(small_library: Library, url: str, store: Store | None) -> None:
    ingest(
        small_library.engine,
        open_source(url),
        name="far",
        task=TASK,
        plan=SplitPlan(),
        progress=Silent(),
        store=store,
    )


@pytest.mark.parametrize("copied", [False, True], ids=["in place", "copied to a store"])
def test_a_picture_in_a_bucket_is_shown_like_any_other(
    client: TestClient, small_library: Library, bucket: Bucket, copied: bool
) -> None:
    data = encode(draw("green", 77, size=(400, 200)), "HEIF")
    bucket.put("pets/green/photo.heic", data)
    take_in(small_library, f"{bucket.url}/pets", open_store(f"{bucket.url}/store") if copied else None)
    if copied:
        bucket.delete("pets/green/photo.heic")
    item = next(i for i in client.get("/images").json()["items"] if i["file_name"] == "photo.heic")
    content = client.get(item["links"]["content"])
    assert (content.headers["content-type"], content.content) == ("image/heif", data)
    thumbnail = Image.open(io.BytesIO(client.get(item["links"]["thumbnail"]).content))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (320, 160))
    for name in bucket.names():
        bucket.delete(name)
    gone = client.get(item["links"]["content"])
    assert (gone.status_code, gone.json()["code"]) == (404, "file_missing")


def test_a_storage_that_does_not_answer_is_no_missing_picture(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        session.execute(update(Root).values(uri="nowhere://x"))
    response = client.get("/images/1/thumbnail")
    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert "nowhere" not in response.text
