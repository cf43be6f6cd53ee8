"""Looking through the library over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from databases import corrections, findings, library
from databases.findings import Ranked
from databases.models import Image
from tests.backend.api.conftest import PER_LABEL, TASK, Library
from tests.backend.api.guarded import guarded, make_key, shown
from tests.drawing import picture

EVERY = 3 * PER_LABEL + 1


def images(client: TestClient, **asked: str | int | bool) -> dict[str, Any]:
    page: dict[str, Any] = client.get("/images", params=asked).json()
    return page


def test_pages_follow_one_another_without_gap_or_repeat(client: TestClient) -> None:
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = images(client, limit=4, after=after)
        assert page["earlier"] == len(seen)
        seen += [item["id"] for item in page["items"]]
        after = page["next_after"]
    assert page["total"] == len(seen) == len(set(seen)) == EVERY
    assert seen == sorted(seen)


def test_pages_lead_back_to_the_first(client: TestClient) -> None:
    page = images(client, limit=4, before=10**6)
    assert (page["next_after"], page["earlier"]) == (None, EVERY - 4)
    seen = page["items"]
    while page["previous_before"] is not None:
        page = images(client, limit=4, before=page["previous_before"])
        seen = page["items"] + seen
        assert page["next_after"] == page["items"][-1]["id"]
    assert page["earlier"] == 0
    assert seen == images(client, limit=200)["items"]


def test_beyond_the_last_picture_a_page_is_empty_and_leads_back(client: TestClient) -> None:
    page = images(client, after=10**6)
    assert (page["items"], page["total"], page["earlier"], page["next_after"]) == ([], EVERY, EVERY, None)
    assert images(client, before=page["previous_before"], limit=1)["items"] == [
        images(client, limit=200)["items"][-1]
    ]


def test_pictures_are_listed_by_label_split_and_source(client: TestClient) -> None:
    everything = images(client, limit=200)["items"]
    for filters in ({"label": "red"}, {"split": "train"}, {"label": "blue", "split": "val"}):
        page = client.get("/images", params=filters).json()
        expected = [
            item["id"] for item in everything if all(item[key] == value for key, value in filters.items())
        ]
        assert [item["id"] for item in page["items"]] == expected
        assert page["total"] == len(expected) > 0
    assert images(client, source=TASK)["total"] == EVERY
    assert images(client, unlabelled=True)["total"] == 0


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 201},
        {"split": "exam"},
        {"after": -1},
        {"before": 0},
        {"after": 3, "before": 5},
        {"label": "red", "unlabelled": True},
        {"finding": "ugly"},
    ],
)
def test_impossible_filters_are_problems(client: TestClient, params: dict[str, str | int]) -> None:
    assert client.get("/images", params=params).json()["code"] == "invalid_request"


@pytest.mark.parametrize(("name", "code"), [("label", "unknown_label"), ("source", "unknown_source")])
def test_what_the_task_does_not_have_is_not_found(client: TestClient, name: str, code: str) -> None:
    response = client.get("/images", params={name: "unicorn"})
    assert (response.status_code, response.json()["code"]) == (404, code)


def test_the_library_is_counted(client: TestClient, small_library: Library) -> None:
    (small_library.root / "red" / "broken.jpg").write_bytes(b"no picture")
    small_library.update()
    told = client.get("/library").json()
    assert (told["task"], told["total"], told["excluded"], told["invalid"]) == (TASK, EVERY, 0, 1)
    assert {entry["label"]: entry["pictures"] for entry in told["labels"]} == {
        "blue": PER_LABEL,
        "green": PER_LABEL,
        "red": PER_LABEL + 1,
    }
    assert all(entry["pictures"] == entry["train"] + entry["val"] + entry["test"] for entry in told["labels"])
    assert told["sources"] == [{"name": TASK, "pictures": EVERY}]
    assert told["findings"] == []


def test_a_finding_is_counted_listed_and_told_until_somebody_decides(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        (first, *_) = library.task_images(session, TASK)
        findings.replace(session, TASK, [Ranked(first.id, "suspect", 0, "red")])
    assert client.get("/library").json()["findings"] == [{"kind": "suspect", "pictures": 1}]
    assert [item["id"] for item in images(client, finding="suspect")["items"]] == [first.id]
    assert images(client, finding="dark")["total"] == 0
    told = client.get(f"/images/{first.id}").json()
    assert told["findings"] == [{"kind": "suspect", "better": "red"}]
    with Session(small_library.engine) as session, session.begin():
        corrections.add(session, TASK, [first.sha256], "label", label="blue")
    assert client.get("/library").json()["findings"] == []
    assert client.get(f"/images/{first.id}").json()["findings"] == []


def test_parts_of_the_library_are_counted_among_what_else_is_chosen(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        (first, *_) = library.task_images(session, TASK)
        findings.replace(session, TASK, [Ranked(first.id, "dark", 0, None)])
    told = client.get("/library", params={"finding": "dark"}).json()
    assert [(entry["label"], entry["pictures"]) for entry in told["labels"]] == [(first.label, 1)]
    assert told["sources"] == [{"name": TASK, "pictures": 1}]
    assert told["total"] == EVERY
    assert client.get("/library", params={"label": first.label}).json()["findings"] == told["findings"]
    assert client.get("/library", params={"label": "unicorn"}).json()["findings"] == []
    assert client.get("/library", params={"finding": "nonsense"}).status_code == 422


def test_what_people_sent_is_listed_for_who_may_review_alone(small_library: Library) -> None:
    page, anna = (make_key(small_library.engine, name, name) for name in ("predict", "review"))
    with guarded(small_library) as client:
        sent = picture("red", 77)
        asked = client.post("/predict", files={"file": sent}, headers=shown(page)).json()
        said = {"prediction_id": asked["prediction_id"], "correct": "false"}
        kept = client.post("/feedback", data=said, files={"file": sent}, headers=shown(page)).json()

        def seen(key: str, **asked: str) -> tuple[set[int], int, int]:
            listed = client.get("/images", params={"limit": "200"} | asked, headers=shown(key)).json()
            total = client.get("/library", headers=shown(key)).json()["total"]
            return {item["id"] for item in listed["items"]}, listed["total"], total

        ids, *counts = seen(page)
        assert kept["image_id"] not in ids
        assert (len(ids), counts) == (EVERY, [EVERY, EVERY])
        everything, *counts = seen(anna)
        assert everything == ids | {kept["image_id"]}
        assert counts == [EVERY + 1, EVERY + 1]
        assert seen(page, source=f"{TASK}-uploads")[0] == set()
        assert seen(anna, unlabelled="true")[0] == {kept["image_id"]}


def test_what_people_sent_is_not_to_be_had_by_counting_ids_up(small_library: Library) -> None:
    page, anna = (make_key(small_library.engine, name, "predict", name) for name in ("predict", "review"))
    with guarded(small_library) as client:
        sent = picture("red", 0)[:-2] + b"\xff\xfe\x00\x04mm\xff\xd9"  # what 0.jpg shows, in other bytes
        asked = client.post("/predict", files={"file": sent}, headers=shown(page)).json()
        said = {"prediction_id": asked["prediction_id"], "correct": "false"}
        told = client.post("/feedback", data=said, files={"file": sent}, headers=shown(page)).json()
        kept = told["image_id"]
        small_library.update()
        with Session(small_library.engine) as session, session.begin():
            same = or_(Image.label == "red", Image.id == kept)
            session.execute(update(Image).where(same).values(duplicate_group=1))
            red = session.scalars(select(Image.id).where(Image.label == "red")).first()

        def seen(key: str) -> list[int]:
            read = [
                client.get(f"/images/{kept}{what}", headers=shown(key))
                for what in ("", "/content", "/thumbnail")
            ]
            near = {"image_id": kept, "label": "any"}
            similar = client.post("/similar", params=near, headers=shown(key))
            return [one.status_code for one in (*read, similar)]

        def twins(key: str) -> set[int]:
            told = client.get(f"/images/{red}", headers=shown(key)).json()
            return {one["id"] for one in told["duplicates"]}

        assert seen(page) == [404] * 4
        assert client.get(f"/images/{kept}", headers=shown(page)).json()["code"] == "not_found"
        assert seen(anna) == [200] * 4
        assert twins(anna) - twins(page) == {kept}
        decided = {"image_ids": [kept], "kind": "label", "label": "red"}
        assert client.post("/decisions", json=decided, headers=shown(anna)).is_success
        assert seen(page) == [200] * 4


def test_a_picture_is_described_closely_with_its_copy(client: TestClient) -> None:
    copy = next(item for item in images(client, limit=200)["items"] if item["file_name"] == "copy.jpg")
    told = client.get(f"/images/{copy['id']}").json()
    assert (told["source"], told["aspect_ratio"], told["excluded"]) == (TASK, 1.5, False)
    assert (told["quality"], told["answer"], told["findings"]) == (None, None, [])
    (twin,) = told["duplicates"]
    assert (twin["file_name"], twin["label"]) == ("0.jpg", "red")


def test_an_excluded_picture_is_left_out_of_lists_but_can_be_looked_at_and_found(
    client: TestClient, small_library: Library
) -> None:
    with Session(small_library.engine) as session, session.begin():
        (first, *_) = library.task_images(session, TASK)
        corrections.add(session, TASK, [first.sha256], "exclude")
    assert images(client)["total"] == EVERY - 1
    assert client.get("/library").json()["excluded"] == 1
    assert [item["id"] for item in images(client, excluded=True)["items"]] == [first.id]
    assert client.get(f"/images/{first.id}").json()["excluded"]
    assert client.get(f"/images/{first.id}/thumbnail").is_success
