"""The queue of review over HTTP: what was said is looked at, decided, and gone."""

from itertools import groupby
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

from databases import answers, finding, registry
from databases.answers import NewAnswer
from databases.models import Embedding
from tests.backend.api.conftest import PER_LABEL, TASK, Library
from tests.backend.api.guarded import guarded, make_key, shown
from tests.drawing import picture


def test_a_report_is_looked_at_decided_and_leaves_the_queue(client: TestClient) -> None:
    data = picture("green", 88)
    prediction_id = client.post("/predict", files={"file": data}).json()["prediction_id"]
    fields = {"prediction_id": prediction_id, "correct": "false", "label": "red", "by": "Anna"}
    image_id = client.post("/feedback", data=fields, files={"file": data}).json()["image_id"]
    queue = client.get("/review/queue").json()
    (item,) = queue["items"]
    assert (queue["total"], queue["next_after"]) == (1, None)
    assert queue["counts"]["reported"] == queue["counts"]["unlabelled"] == 1
    assert queue["unanswered"] == 3 * PER_LABEL + 2
    assert (item["image"]["id"], item["image"]["label"]) == (image_id, None)
    assert item["reasons"] == ["reported", "unlabelled"]
    assert (item["suggestion"], item["score"], item["answer"], item["agreement"]) == ("red", None, None, None)
    (said,) = item["said"]
    assert (said["label"], said["correct"], said["by"]) == ("red", False, "Anna")
    client.post("/decisions", json={"image_ids": [image_id], "kind": "label", "label": "red"})
    assert client.get("/review/queue").json()["items"] == []
    assert client.get(f"/images/{image_id}").json()["label"] == "red"


def test_pages_and_filters(client: TestClient, small_library: Library) -> None:
    images = client.get("/images", params={"label": "red"}).json()["items"]
    ids = [image["id"] for image in images if image["file_name"] != "copy.jpg"]
    with Session(small_library.engine) as session, session.begin():
        model = registry.get_model(session, "colours-1")
        known = finding.contents(session, TASK, ids)
        said = [
            NewAnswer(one, known[one], "green", 0.9, 0.1 * number, "confident")
            for number, one in enumerate(ids)
        ]
        answers.put_answers(session, model.id, said)
    seen: list[int] = []
    after: str | None = "0-0"
    while after:
        asked: dict[str, str] = {"limit": "2", "label": "red", "reason": "disagrees", "after": after}
        page = client.get("/review/queue", params=asked).json()
        assert page["total"] == len(ids)
        seen += [item["image"]["id"] for item in page["items"]]
        after = page["next_after"]
    assert seen == ids[::-1]
    assert client.get("/review/queue", params={"label": "blue"}).json()["total"] == 0
    item = client.get("/review/queue", params={"limit": 1}).json()["items"][0]
    assert (item["suggestion"], item["score"]) == ("green", 0.9)
    for wrong in ({"reason": "boredom"}, {"after": "here"}, {"limit": 0}):
        assert client.get("/review/queue", params=wrong).json()["code"] == "invalid_request"


def test_look_alikes_are_told_to_stand_side_by_side(client: TestClient, small_library: Library) -> None:
    by_label = {
        label: [image["id"] for image in client.get("/images", params={"label": label}).json()["items"]]
        for label in ("red", "green", "blue")
    }
    mixed = [one for some in zip(*by_label.values(), strict=False) for one in some]
    with Session(small_library.engine) as session, session.begin():
        model = registry.get_model(session, "colours-1")
        known = finding.contents(session, TASK, mixed)
        said = [
            NewAnswer(one, known[one], "red", 0.5, 0.01 * place, "unsure") for place, one in enumerate(mixed)
        ]
        answers.put_answers(session, model.id, said)
        unseen = mixed[len(mixed) // 2]
        session.execute(delete(Embedding).where(Embedding.image_id == unseen))
    items = client.get("/review/queue", params={"reason": "unsure"}).json()["items"]
    assert _runs(items) > 2 * PER_LABEL
    assert [item["image"]["id"] for item in items if item["likeness"] is None] == [unseen]
    seen = sorted((item for item in items if item["likeness"] is not None), key=lambda it: it["likeness"])
    assert [item["likeness"] for item in seen] == list(range(len(mixed) - 1))
    assert seen[0] == items[0]
    assert _runs(seen) == 3


def test_look_alikes_of_a_report_do_not_come_before_other_reports(
    client: TestClient, small_library: Library
) -> None:
    by_label = {
        label: [image["id"] for image in client.get("/images", params={"label": label}).json()["items"]]
        for label in ("red", "green")
    }
    for data in (picture("red", 0), picture("green", 0)):
        asked = client.post("/predict", files={"file": data}).json()["prediction_id"]
        wrong = client.post("/feedback", json={"prediction_id": asked, "correct": False})
        assert wrong.status_code == 201, wrong.text
    doubted = [by_label["red"][-1], by_label["green"][-1]]
    with Session(small_library.engine) as session, session.begin():
        model = registry.get_model(session, "colours-1")
        known = finding.contents(session, TASK, doubted)
        said = [NewAnswer(one, known[one], "blue", 0.9, 0.8, "confident") for one in doubted]
        answers.put_answers(session, model.id, said)
    items = client.get("/review/queue").json()["items"]
    by_likeness = sorted(items, key=lambda item: item["likeness"])
    reasons = [item["reasons"][0] for item in by_likeness]
    assert reasons == sorted(reasons, key=("reported", "disagrees").index)
    assert set(reasons) == {"reported", "disagrees"}
    assert by_likeness[0] == items[0]


def _runs(items: list[dict[str, Any]]) -> int:
    """In how many pieces the labels come."""
    return sum(1 for _ in groupby(items, lambda item: item["image"]["label"]))


def test_the_queue_needs_the_scope_review(small_library: Library) -> None:
    page = make_key(small_library.engine, "page", "predict")
    anna = make_key(small_library.engine, "anna", "review")
    with guarded(small_library) as client:
        assert client.get("/review/queue", headers=shown(page)).json()["code"] == "missing_scope"
        assert client.get("/review/queue", headers=shown(anna)).status_code == 200
