from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from databases import label_operations
from databases.models import Embedding, Image
from tests.backend.api.conftest import PER_LABEL, Library
from tests.drawing import picture
from tests.waiting import wait_until


def similar(client: TestClient, data: bytes | None = None, image_id: int | None = None, **params: Any) -> Any:
    files = None if data is None else {"file": ("a.jpg", data)}
    form = None if image_id is None else {"image_id": image_id}
    response = client.post("/similar", files=files, data=form, params=params)
    assert response.status_code == 200, response.text
    return response.json()


def ids_of(client: TestClient, label: str) -> dict[str, int]:
    items = client.get("/images", params={"label": label}).json()["items"]
    return {item["file_name"]: item["id"] for item in items}


def test_results_carry_the_predicted_label_nearest_first(client: TestClient) -> None:
    found = similar(client, picture("blue", 99), k=50)
    assert found["label"] == "blue"
    assert found["available"] == len(found["items"]) == PER_LABEL
    assert {item["image"]["label"] for item in found["items"]} == {"blue"}
    similarities = [item["similarity"] for item in found["items"]]
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[0] > 0.99


def test_there_are_min_of_k_and_available(client: TestClient) -> None:
    for k in (1, 4, PER_LABEL, 40):
        assert len(similar(client, picture("green", 99), k=k)["items"]) == min(k, PER_LABEL)


def test_all_copies_of_an_uploaded_library_picture_are_left_out(client: TestClient) -> None:
    ids = ids_of(client, "red")
    assert len(ids) == PER_LABEL + 1
    found = similar(client, picture("red", 0), k=50)  # lies in the library twice: 0.jpg and copy.jpg
    assert found["available"] == PER_LABEL - 1
    assert {item["image"]["id"] for item in found["items"]} == set(ids.values()) - {
        ids["0.jpg"],
        ids["copy.jpg"],
    }


def test_a_library_picture_is_asked_by_its_id_and_left_out_with_its_copies(client: TestClient) -> None:
    ids = ids_of(client, "red")
    found = similar(client, image_id=ids["copy.jpg"], k=50)
    assert found["label"] == "red"
    assert {item["image"]["id"] for item in found["items"]} == set(ids.values()) - {
        ids["0.jpg"],
        ids["copy.jpg"],
    }


def test_another_label_can_be_asked_for(client: TestClient) -> None:
    found = similar(client, picture("red", 0), label="green", k=50)
    assert {item["image"]["label"] for item in found["items"]} == {"green"}


def test_a_label_that_the_task_does_not_have_is_told_and_where_to_look(client: TestClient) -> None:
    for asked in ({"files": {"file": picture("red")}}, {"data": {"image_id": 1}}):
        response = client.post("/similar", params={"label": "unicorn"}, **asked)
        assert (response.status_code, response.json()["code"]) == (404, "unknown_label")
        expected = "task 'colours' has no label 'unicorn'; those it has are listed at GET /labels"
        assert response.json()["detail"] == expected


def test_a_label_that_only_the_model_or_only_the_library_has_is_known(
    client: TestClient, small_library: Library
) -> None:
    for path in (small_library.root / "green").iterdir():
        path.unlink()
    (small_library.root / "mauve").mkdir()
    (small_library.root / "mauve" / "1.jpg").write_bytes(picture("red", 70))
    small_library.update()
    wait_until(lambda: similar(client, picture("red"), label="green")["items"] == [])
    assert client.get("/images", params={"label": "green"}).json()["total"] == 0
    wait_until(lambda: similar(client, picture("red"), label="mauve")["available"] == 1)
    assert client.get("/images", params={"label": "mauve"}).json()["total"] == 1


def test_a_label_that_was_renamed_since_is_found_by_its_name_now(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        label_operations.rename(session, "colours", "red", "crimson")
    wait_until(lambda: similar(client, picture("red", 99))["available"] == PER_LABEL)
    found = similar(client, picture("red", 99))
    assert found["label"] == "crimson"
    assert {item["image"]["label"] for item in found["items"]} == {"crimson"}


def test_the_gallery_takes_up_what_comes_and_goes(client: TestClient, small_library: Library) -> None:
    assert similar(client, picture("blue", 99))["available"] == PER_LABEL
    (small_library.root / "blue" / "new.jpg").write_bytes(picture("blue", 77))
    (small_library.root / "blue" / "0.jpg").unlink()
    (small_library.root / "blue" / "1.jpg").unlink()
    small_library.update()

    def names() -> set[str]:
        found = similar(client, picture("blue", 99), k=50)
        return {item["image"]["file_name"] for item in found["items"]}

    wait_until(lambda: names() == {"new.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"})


@pytest.mark.parametrize(
    "asked",
    [
        {"files": {"file": picture("red")}, "data": {"image_id": 1}},
        {"files": {"file": picture("red")}, "params": {"image_id": 1}},
        {"data": {"image_id": 1}, "params": {"image_id": 2}},
        {"data": {"x": "y"}},
    ],
    ids=["both", "both, the id in the query", "two ids", "neither"],
)
def test_a_file_and_an_id_or_neither_is_a_problem(client: TestClient, asked: dict[str, Any]) -> None:
    response = client.post("/similar", **asked)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert response.json()["detail"] == "send either a file, an image_id or a text: one of them, and no more"


def test_an_id_may_stand_in_the_query(client: TestClient) -> None:
    image_id = ids_of(client, "red")["1.jpg"]
    response = client.post("/similar", params={"image_id": image_id, "k": 3})
    assert response.json() == similar(client, image_id=image_id, k=3)


def test_an_unknown_picture_is_not_found(client: TestClient) -> None:
    response = client.post("/similar", data={"image_id": 4711})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_why_the_gallery_does_not_have_a_picture_is_told(client: TestClient, small_library: Library) -> None:
    with small_library.engine.begin() as connection:
        connection.execute(update(Image).where(Image.id == 2).values(excluded=True))
        connection.execute(delete(Embedding).where(Embedding.image_id == 3))
        size = len(connection.scalars(select(Embedding.vector)).first() or b"") // 4
        vectors = {4: np.full(size, np.nan), 5: np.eye(size - 1)[0]}
        for image_id, vector in vectors.items():
            values = {"vector": vector.astype("<f4").tobytes()}
            connection.execute(update(Embedding).where(Embedding.image_id == image_id).values(values))
        connection.execute(update(Image).where(Image.id == 6).values(sha256="0" * 64))
    told = {
        2: "it is excluded",
        3: "it is not embedded yet, which this does: menagerie index",
        4: "its embedding cannot be searched, as it was not written by menagerie",
        5: "its embedding cannot be searched, as it was not written by menagerie",
        6: "it is not embedded yet, which this does: menagerie index",
    }
    for image_id, why in told.items():
        response = client.post("/similar", data={"image_id": image_id})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert response.json()["detail"] == f"the gallery does not have picture {image_id}: {why}"
