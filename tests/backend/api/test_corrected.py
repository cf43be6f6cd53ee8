"""A running service respects what people decide meanwhile."""

import hashlib

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from databases import corrections, label_operations
from tests.backend.api.conftest import PER_LABEL, TASK, Library
from tests.drawing import picture
from tests.waiting import wait_until


def test_decisions_reach_the_listing_the_labels_and_the_gallery(
    client: TestClient, small_library: Library
) -> None:
    listed = client.get("/images", params={"label": "blue"}).json()["items"]
    ids = {item["file_name"]: item["id"] for item in listed}
    assert similar(client) == {f"{number}.jpg" for number in range(PER_LABEL)}
    with Session(small_library.engine) as session, session.begin():
        corrections.add(session, TASK, [content(picture("blue", 0))], "exclude")
        corrections.add(session, TASK, [content(picture("blue", 1))], "label", label="green")
        label_operations.drop(session, TASK, ["red"])
    wait_until(lambda: similar(client) == {f"{number}.jpg" for number in range(2, PER_LABEL)})
    assert client.get(f"/images/{ids['0.jpg']}").json()["excluded"] is True
    assert client.get(f"/images/{ids['1.jpg']}").json()["label"] == "green"
    assert client.get("/images").json()["total"] == 2 * PER_LABEL - 1
    pictures = {one["label"]: one["pictures"] for one in client.get("/labels").json()["labels"]}
    assert pictures == {"red": 0, "green": PER_LABEL + 1, "blue": PER_LABEL - 2}


def content(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def similar(client: TestClient) -> set[str]:
    """The blue pictures of the gallery."""
    response = client.post("/similar", files={"file": ("a.jpg", picture("blue", 99))}, params={"k": 50})
    return {item["image"]["file_name"] for item in response.json()["items"]}
