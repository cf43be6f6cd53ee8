"""The queue of review over HTTP: what was said is looked at, decided, and gone."""

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from databases import answers, finding, registry
from databases.answers import NewAnswer
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


def test_the_queue_needs_the_scope_review(small_library: Library) -> None:
    page = make_key(small_library.engine, "page", "predict")
    anna = make_key(small_library.engine, "anna", "review")
    with guarded(small_library) as client:
        assert client.get("/review/queue", headers=shown(page)).json()["code"] == "missing_scope"
        assert client.get("/review/queue", headers=shown(anna)).status_code == 200
