"""What is known of models: listed, one, two side by side."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from databases import corrections, duplicates
from databases.models import DatasetVersion
from tests.backend.api.conftest import TASK, Library
from tests.backend.api.registered import METRICS, add_model, answer, keep_dataset, pictures, write_report


def test_a_model_is_told_with_what_its_manifest_says(client: TestClient, small_library: Library) -> None:
    fingerprint = keep_dataset(small_library, *pictures(small_library))
    add_model(
        small_library,
        "colours-2",
        metrics=METRICS,
        dataset_fingerprint=fingerprint,
        training={"strategy": "probe", "epochs": 3},
        serving={"candidates": [{"file": "model.onnx", "accuracy": 0.5, "latency_ms": 7.5}]},
    )
    told = client.get("/models/colours-2").json()
    assert (told["state"], told["serving"], told["labels"]) == ("candidate", False, 3)
    assert told["names"] == ["red", "green", "blue"]
    assert told["metrics"]["accuracy"] == METRICS["accuracy"]
    assert told["dataset"]["pictures"] == len(pictures(small_library))
    assert told["bundle"]["training"] == {"strategy": "probe", "epochs": 3}
    assert told["bundle"]["thresholds"] == {"confidence": 0.9, "novelty": 0.5}
    assert told["latency_ms"] == 7.5
    folder = small_library.bundles / "colours-2"
    assert told["bytes"] == sum(file.stat().st_size for file in folder.iterdir())
    assert (told["report"], told["reported_at"]) == (False, None)
    assert client.get("/models").json()["keeps"] is True


def test_a_model_whose_files_are_gone_is_told_without_them(
    client: TestClient, small_library: Library
) -> None:
    add_model(small_library, "colours-2")
    (small_library.bundles / "colours-2" / "manifest.json").unlink()
    told = client.get("/models/colours-2").json()
    assert (told["bundle"], told["bytes"], told["latency_ms"]) == (None, None, None)
    assert client.get("/models").json()["models"][0]["bytes"] is None


@pytest.mark.parametrize("path", ["", "/report"])
def test_a_model_that_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    response = client.get(f"/models/colours-9{path}")
    assert (response.status_code, response.json()["code"]) == (404, "unknown_model")


def test_a_report_is_served_as_a_stranger(client: TestClient, small_library: Library) -> None:
    write_report(small_library, "colours-1", "<h1>Zürich</h1>")
    response = client.get("/models/colours-1/report")
    assert response.text == "<h1>Zürich</h1>"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "sandbox allow-scripts;" in policy
    assert "allow-same-origin" not in policy
    told = client.get("/models/colours-1").json()
    assert told["report"]
    assert told["reported_at"] is not None
    assert told["latency_ms"] == 12.5  # the report's own measure


def test_a_report_that_nobody_wrote_is_a_problem_that_says_how(client: TestClient) -> None:
    response = client.get("/models/colours-1/report")
    assert (response.status_code, response.json()["code"]) == (404, "no_report")
    assert response.json()["detail"].endswith("menagerie evaluate colours-1")


def test_both_are_held_against_the_test_pictures_that_neither_learnt_from(
    client: TestClient, small_library: Library
) -> None:
    test = pictures(small_library, "test")
    assert len(test) >= 3
    learnt, *unseen = test
    others = [image for image in pictures(small_library) if image.split != "test"]
    first = add_model(small_library, "colours-2", dataset_fingerprint=keep_dataset(small_library, *others))
    # One of the test pictures was a train picture when the second model learnt.
    moved = keep_dataset(small_library, *others, replace(learnt, split="train"))
    second = add_model(small_library, "colours-3", dataset_fingerprint=moved)
    right = {image.id: str(image.label) for image in test}
    answer(small_library, first, right | {unseen[0].id: "nonsense"})
    answer(small_library, second, {learnt.id: right[learnt.id]})
    told = client.get("/models/compare", params={"a": "colours-2", "b": "colours-3"}).json()
    assert (told["paired"], told["unasked"]) == (None, len(unseen))
    answer(small_library, second, {id_: label for id_, label in right.items() if id_ != learnt.id})
    told = client.get("/models/compare", params={"a": "colours-2", "b": "colours-3"}).json()
    paired = told["paired"]
    assert told["unasked"] == 0
    assert paired["pictures"] == len(unseen)
    assert (paired["only_a"], paired["only_b"], paired["p_value"]) == (0, 1, 1.0)
    assert (paired["a"]["count"], paired["b"]["count"]) == (len(unseen) - 1, len(unseen))
    assert paired["a"]["low"] < paired["a"]["value"] < paired["a"]["high"]
    assert (told["data"]["added"], told["data"]["removed"]) == (1, 0)


def test_a_picture_that_was_saved_anew_is_new_to_nobody_who_learnt_from_it(
    client: TestClient, small_library: Library
) -> None:
    key = keep_dataset(small_library, *pictures(small_library))
    models = [add_model(small_library, f"colours-{n}", dataset_fingerprint=key) for n in (2, 3)]
    test, learnt = pictures(small_library, "test"), pictures(small_library, "train")[0]
    for model in models:
        answer(small_library, model, {image.id: str(image.label) for image in test})
    with Session(small_library.engine) as session, session.begin():
        duplicates.write_groups(session, {learnt.id: learnt.id, test[0].id: learnt.id})
    told = client.get("/models/compare", params={"a": "colours-2", "b": "colours-3"}).json()
    assert (told["paired"]["pictures"], told["unasked"]) == (len(test) - 1, 0)


def test_without_answers_or_a_kept_data_set_nobody_is_said_to_be_better(
    client: TestClient, small_library: Library
) -> None:
    fingerprint = keep_dataset(small_library, *pictures(small_library))
    add_model(small_library, "colours-2", metrics=METRICS, dataset_fingerprint=fingerprint)
    add_model(small_library, "colours-3", metrics=METRICS, dataset_fingerprint="0" * 64)
    told = client.get("/models/compare", params={"a": "colours-2", "b": "colours-3"}).json()
    assert told["same_pictures"]
    assert (told["paired"], told["data"], told["unasked"]) == (None, None, None)
    assert told["a"]["metrics"]["accuracy"] == 0.75


def test_what_people_decided_between_two_data_sets_is_counted(
    client: TestClient, small_library: Library
) -> None:
    images = pictures(small_library)
    with Session(small_library.engine) as session, session.begin():
        corrections.add(session, TASK, [images[0].sha256], "exclude")
    before = keep_dataset(small_library, *images)
    add_model(small_library, "colours-2", dataset_fingerprint=before)
    with Session(small_library.engine) as session, session.begin():
        corrections.add(session, TASK, [images[1].sha256, images[2].sha256], "label", label="blue")
        corrections.add(session, TASK, [images[3].sha256], "exclude")
        corrections.undo(session, corrections.latest(session, TASK))
    after = keep_dataset(small_library, *images[1:])
    add_model(small_library, "colours-3", dataset_fingerprint=after)
    told = client.get("/models/compare", params={"a": "colours-2", "b": "colours-3"}).json()
    assert told["decisions"] == {"label": 2, "exclude": 0, "include": 0, "total": 2}
    assert told["data"]["removed"] == 1


def test_models_of_two_tasks_are_not_compared(client: TestClient, small_library: Library) -> None:
    add_model(small_library, "shapes-1", task="shapes")
    response = client.get("/models/compare", params={"a": "colours-1", "b": "shapes-1"})
    assert (response.status_code, response.json()["code"]) == (422, "different_tasks")


def test_a_damaged_data_set_is_none(client: TestClient, small_library: Library) -> None:
    fingerprint = keep_dataset(small_library, *pictures(small_library))
    add_model(small_library, "colours-2", dataset_fingerprint=fingerprint)
    with Session(small_library.engine) as session, session.begin():
        session.execute(update(DatasetVersion).values(members=b"no zlib"))
    told = client.get("/models/compare", params={"a": "colours-2", "b": "colours-2"})
    assert (told.status_code, told.json()["data"]) == (200, None)
