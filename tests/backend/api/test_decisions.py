"""People decide on pictures over HTTP: at once, for every copy, by name, and undoable."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from databases import corrections, library
from databases import engine as databases_engine
from databases.models import Image
from tests.backend.api.conftest import PER_LABEL, TASK, Library
from tests.backend.api.guarded import guarded, make_key, shown


def ids_of(client: TestClient, label: str) -> dict[str, int]:
    """Of the pictures that carry a label, by file name."""
    listed = client.get("/images", params={"label": label, "limit": 200}).json()["items"]
    return {item["file_name"]: item["id"] for item in listed}


def decide(client: TestClient, ids: list[int], kind: str = "label", **more: Any) -> Any:
    return client.post("/decisions", json={"image_ids": ids, "kind": kind, **more})


def test_a_decided_label_holds_at_once_for_every_copy_and_is_undone(client: TestClient) -> None:
    red = ids_of(client, "red")
    answer = decide(client, [red["0.jpg"], red["1.jpg"]], label="green", by=" Anna ", reason="looks green")
    assert answer.status_code == 200
    assert answer.json()["decided"] == 2
    assert set(ids_of(client, "red")) == {f"{number}.jpg" for number in range(2, PER_LABEL)}
    assert client.get(f"/images/{red['copy.jpg']}").json()["label"] == "green"
    latest = client.get("/decisions").json()["items"][0]
    assert (latest["image_id"], latest["file_name"], latest["by"]) == (red["1.jpg"], "1.jpg", "Anna")
    assert (latest["kind"], latest["label"], latest["reason"]) == ("label", "green", "looks green")
    undone = client.post("/decisions/undo", json={"ids": answer.json()["ids"]})
    assert undone.json() == {"undone": 2}
    assert ids_of(client, "red") == red
    again = client.post("/decisions/undo", json={"ids": answer.json()["ids"]})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")


def test_an_excluded_picture_leaves_the_library_and_can_be_included_again(client: TestClient) -> None:
    blue = ids_of(client, "blue")
    decide(client, [blue["0.jpg"]], "exclude")
    assert client.get("/images", params={"label": "blue"}).json()["total"] == PER_LABEL - 1
    assert decide(client, [blue["0.jpg"]], "include").status_code == 200
    assert ids_of(client, "blue") == blue


def test_a_label_may_be_new_but_not_read_like_another_one(client: TestClient) -> None:
    (first, *_) = ids_of(client, "red").values()
    refused = decide(client, [first], label="Red")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_label")
    assert "'red'" in refused.json()["detail"]
    assert decide(client, [first], label="crimson").status_code == 200
    assert client.get(f"/images/{first}").json()["label"] == "crimson"


def test_of_two_labels_that_read_alike_and_are_made_up_at_once_one_comes_about(
    client: TestClient, small_library: Library
) -> None:
    first, second, *_ = ids_of(client, "red").values()
    with ThreadPoolExecutor(1) as pool:
        with Session(small_library.engine) as session, session.begin():
            sha256 = session.get_one(Image, first).sha256
            corrections.add(session, TASK, [str(sha256)], "label", label="Crimson")
            later = pool.submit(decide, client, [second], label="crimson")
            with pytest.raises(TimeoutError):
                later.result(0.3)
        refused = later.result()
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_label")
    assert "'Crimson'" in refused.json()["detail"]


def test_what_is_no_decision_is_refused(client: TestClient) -> None:
    for wrong in (
        {"kind": "label"},
        {"kind": "exclude", "label": "red"},
        {"kind": "label", "label": ""},
        {"kind": "label", "label": " "},
        {"kind": "label", "label": "a\x00b"},
        {"kind": "label", "label": "x" * 201},
        {"kind": "drop", "label": "red"},
        {"kind": "exclude", "by": "x" * 101},
        {"kind": "exclude", "image_ids": []},
        {"kind": "exclude", "image_ids": [0]},
        {"kind": "exclude", "image_ids": [1] * 1001},
    ):
        refused = client.post("/decisions", json={"image_ids": [1]} | wrong)
        assert (refused.status_code, refused.json()["code"]) in (
            (422, "invalid_request"),
            (422, "invalid_label"),
        ), wrong
    half = b'{"image_ids": [1], "kind": "label", "label": "\\ud800"}'  # of a character
    refused = client.post("/decisions", content=half, headers={"content-type": "application/json"})
    assert refused.status_code == 422
    assert client.get("/decisions").json() == {"items": [], "next_after": None}


def test_pictures_of_nobody_or_of_another_task_are_not_decided_on_nor_the_others_with_them(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        root = library.get_or_create_root(session, "pets", "/pets", "pets")
        stranger = Image(
            root_id=root, uri="1.jpg", file_name="1.jpg", bytes=1, modified_ns=1, sha256="0" * 64, status="ok"
        )
        session.add(stranger)
        session.flush()
        foreign = stranger.id
    for unknown in (foreign, 999_999):
        refused = decide(client, [1, unknown], "exclude")
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        assert str(unknown) in refused.json()["detail"]
    assert client.get("/images/1").status_code == 200


def test_hundreds_are_decided_on_at_once_and_listed_by_pages(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        root = library.get_or_create_root(session, "many", "/many", TASK)
        rows = [
            {"root_id": root, "uri": f"{number}", "file_name": f"{number}", "bytes": 1, "modified_ns": 1}
            | {"sha256": f"{number:064}", "status": "ok", "width": 1, "height": 1, "format": "PNG"}
            for number in range(500)
        ]
        library.add_images(session, rows)
        many = sorted(image.id for image in library.root_images(session, "many"))
    assert decide(client, many, label="green").json()["decided"] == 500
    seen: list[int] = []
    after = None
    while True:
        page = client.get("/decisions", params={"limit": 200} | ({"after": after} if after else {})).json()
        seen += [item["image_id"] for item in page["items"]]
        after = page["next_after"]
        if after is None:
            break
    assert seen == many[::-1]


def test_decisions_need_the_scope_review_and_carry_the_name_of_the_key(small_library: Library) -> None:
    page = make_key(small_library.engine, "page", "predict")
    anna = make_key(small_library.engine, "anna", "predict", "review")
    body = {"image_ids": [1], "kind": "exclude", "by": "somebody else"}
    with guarded(small_library) as client:
        assert client.post("/decisions", json=body, headers=shown(page)).json()["code"] == "missing_scope"
        assert client.get("/decisions", headers=shown(page)).json()["code"] == "missing_scope"
        decided = client.post("/decisions", json=body, headers=shown(anna)).json()
        assert client.get("/decisions", headers=shown(anna)).json()["items"][0]["by"] == "anna"
        undo = {"ids": decided["ids"]}
        assert client.post("/decisions/undo", json=undo, headers=shown(page)).status_code == 403
        assert client.post("/decisions/undo", json=undo, headers=shown(anna)).json() == {"undone": 1}


def test_what_somebody_decided_meanwhile_stands_and_is_told_while_the_others_are_decided_on(
    small_library: Library,
) -> None:
    anna, ben = (make_key(small_library.engine, name, "review") for name in ("anna", "ben"))
    with guarded(small_library) as client:
        red = {
            item["file_name"]: item["id"]
            for item in client.get("/images", params={"label": "red"}, headers=shown(ben)).json()["items"]
        }
        seen = client.get("/review/queue", headers=shown(ben)).json()["decided_until"]
        left_out = {"image_ids": [red["copy.jpg"]], "kind": "exclude"}  # of 0.jpg
        client.post("/decisions", json=left_out, headers=shown(anna))
        yes = {"image_ids": [red["1.jpg"], red["0.jpg"]], "kind": "label", "label": "green"}
        answer = client.post("/decisions", json=yes | {"decided_until": seen}, headers=shown(ben)).json()
        assert (answer["decided"], len(answer["ids"])) == (1, 1)
        (overtaken,) = answer["overtaken"]
        assert (overtaken["image_id"], overtaken["decision"]["kind"]) == (red["0.jpg"], "exclude")
        assert overtaken["decision"]["by"] == "anna"
        listed = client.get("/decisions", headers=shown(ben)).json()["items"]
        assert [(one["by"], one["kind"]) for one in listed] == [("ben", "label"), ("anna", "exclude")]

        client.post("/decisions/undo", json={"ids": [overtaken["decision"]["id"]]}, headers=shown(ben))
        again = client.post("/decisions", json=yes | {"decided_until": seen + 2}, headers=shown(ben)).json()
        assert (again["decided"], again["overtaken"]) == (2, [])


def test_what_was_decided_after_one_picture_was_looked_at_stands(client: TestClient) -> None:
    first, second, *_ = ids_of(client, "red").values()
    decide(client, [second], label="green")
    seen = client.get(f"/images/{first}").json()["decided_until"]
    decide(client, [first], "exclude")
    answer = decide(client, [first], label="blue", decided_until=seen).json()
    assert [one["decision"]["kind"] for one in answer["overtaken"]] == ["exclude"]
    now = client.get(f"/images/{first}").json()["decided_until"]
    assert now == seen + 1
    assert decide(client, [first], label="blue", decided_until=now).json()["decided"] == 1


def test_without_what_was_known_the_latest_decision_wins(client: TestClient) -> None:
    first, *_ = ids_of(client, "red").values()
    decide(client, [first], label="green")
    assert decide(client, [first], label="blue").json()["overtaken"] == []
    assert client.get(f"/images/{first}").json()["label"] == "blue"
    assert decide(client, [first], label="red", decided_until=-1).json()["code"] == "invalid_request"


def test_while_somebody_else_writes_a_decision_is_told_to_come_again_and_nothing_else_waits(
    small_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases_engine, "BUSY_TIMEOUT_MS", 50)
    with guarded(small_library, auth="off") as client:
        other = sqlite3.connect(str(small_library.engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        busy = decide(client, [1], "exclude")
        assert client.get("/images/1").status_code == 200
        other.execute("ROLLBACK")
        other.close()
        assert (busy.status_code, busy.json()["code"]) == (503, "database_busy")
        assert int(busy.headers["retry-after"]) > 0
        assert decide(client, [1], "exclude").status_code == 200
