"""Another champion by request, and back."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from databases import embeddings
from tests.backend.api.conftest import PER_LABEL, Library
from tests.backend.api.guarded import guarded, make_key, shown
from tests.backend.api.registered import METRICS, add_model, answer, keep_dataset, pictures
from tests.waiting import wait_until

PICTURES = 3 * PER_LABEL + 1


@pytest.fixture
def candidate(small_library: Library) -> str:
    """One that shares the champion's embedder."""
    return add_model(small_library, "colours-2").version


def promote(client: TestClient, version: str, **asked: object) -> tuple[int, str]:
    response = client.post(f"/models/{version}/promote", json=asked)
    return response.status_code, response.json().get("code", response.json().get("version"))


def champion(client: TestClient) -> str:
    models = client.get("/models").json()["models"]
    return str(next(model["version"] for model in models if model["state"] == "champion"))


def history(client: TestClient) -> list[tuple[str, str, str | None]]:
    items = client.get("/models/history").json()["items"]
    return [(item["kind"], item["version"], item["by"]) for item in items]


def test_a_promoted_model_is_the_champion_embedded_and_soon_serves(
    client: TestClient, small_library: Library, candidate: str
) -> None:
    response = client.post(f"/models/{candidate}/promote", json={"force": True, "by": "Ada"})
    assert response.status_code == 200
    told = response.json()
    assert (told["version"], told["before"], told["unembedded"]) == (candidate, "colours-1", 0)
    assert champion(client) == candidate
    with Session(small_library.engine) as session:
        assert embeddings.unembedded(session, 2, "colours") == []
    wait_until(lambda: client.get("/readyz").json()["model"]["version"] == candidate)
    assert history(client) == [("promoted", candidate, "Ada"), ("promoted", "colours-1", None)]


def test_what_cannot_be_copied_is_told_and_left_to_the_index_command(
    client: TestClient, small_library: Library
) -> None:
    add_model(small_library, "colours-2", embedder="another")
    told = client.post("/models/colours-2/promote", json={"force": True}).json()
    assert told["unembedded"] == PICTURES


def test_one_that_was_not_measured_on_the_same_pictures_needs_force(
    client: TestClient, candidate: str
) -> None:
    assert promote(client, candidate) == (409, "not_compared")
    assert champion(client) == "colours-1"
    assert promote(client, candidate, force=True) == (200, candidate)
    assert promote(client, candidate) == (200, candidate)  # it is already
    assert len(history(client)) == 2


def test_one_with_worse_figures_on_the_same_pictures_needs_force(
    client: TestClient, small_library: Library
) -> None:
    for version, accuracy in (("colours-2", 0.9), ("colours-3", 0.8), ("colours-4", 0.9)):
        add_model(small_library, version, metrics=METRICS | {"accuracy": accuracy})
    assert promote(client, "colours-2", force=True) == (200, "colours-2")
    response = client.post("/models/colours-3/promote")
    assert (response.status_code, response.json()["code"]) == (409, "worse_than_champion")
    assert "80.00% of the test pictures, the champion colours-2 on 90.00%" in response.json()["detail"]
    assert promote(client, "colours-4") == (200, "colours-4")


def test_answers_to_the_same_pictures_count_before_recorded_figures(
    client: TestClient, small_library: Library
) -> None:
    test, others = pictures(small_library, "test"), pictures(small_library, "train")
    fingerprint = keep_dataset(small_library, *others)
    right = {image.id: str(image.label) for image in test}
    for version, answers, accuracy in (
        ("colours-2", right, 0.5),
        ("colours-3", right | {test[0].id: "nonsense"}, 0.9),
    ):
        metrics = METRICS | {"accuracy": accuracy}
        model = add_model(small_library, version, metrics=metrics, dataset_fingerprint=fingerprint)
        answer(small_library, model, answers)
    assert promote(client, "colours-2", force=True) == (200, "colours-2")
    assert promote(client, "colours-3") == (409, "worse_than_champion")


def test_what_was_not_compared_names_the_command_that_is_lacking_and_then_needs_no_force(
    client: TestClient, small_library: Library
) -> None:
    test, others = pictures(small_library, "test"), pictures(small_library, "train")
    fingerprint = keep_dataset(small_library, *others)
    models = [
        add_model(small_library, version, dataset_fingerprint=fingerprint)
        for version in ("colours-2", "colours-3")
    ]
    refused = client.post("/models/colours-2/promote")
    assert refused.json()["detail"].endswith("promotes: menagerie models promote colours-2")
    assert promote(client, "colours-2", force=True) == (200, "colours-2")
    refused = client.post("/models/colours-3/promote")
    assert refused.json()["code"] == "not_compared"
    assert refused.json()["detail"].endswith("this asks both: menagerie compare colours-2 colours-3")
    for model in models:
        answer(small_library, model, {image.id: str(image.label) for image in test})
    assert promote(client, "colours-3") == (200, "colours-3")


def test_a_damaged_bundle_never_becomes_the_champion(
    client: TestClient, small_library: Library, candidate: str
) -> None:
    (small_library.bundles / candidate / "model.onnx").write_bytes(b"damaged")
    response = client.post(f"/models/{candidate}/promote", json={"force": True})
    assert (response.status_code, response.json()["code"]) == (409, "bad_bundle")
    assert str(small_library.bundles) not in response.text
    assert champion(client) == "colours-1"


def test_another_tasks_champion_is_none_of_this_services_business(
    client: TestClient, small_library: Library
) -> None:
    add_model(small_library, "shapes-1", task="shapes")
    assert promote(client, "shapes-1", force=True) == (409, "other_task")
    response = client.post("/models/rollback", params={"task": "shapes"})
    assert (response.status_code, response.json()["code"]) == (409, "other_task")


def test_a_promotion_is_taken_back_and_both_stay_in_the_history(client: TestClient, candidate: str) -> None:
    promote(client, candidate, force=True)
    response = client.post("/models/rollback", json={"by": "Grace"})
    assert response.status_code == 200
    assert (response.json()["version"], response.json()["before"]) == ("colours-1", candidate)
    assert champion(client) == "colours-1"
    assert history(client) == [
        ("rolled_back", candidate, "Grace"),
        ("promoted", candidate, None),
        ("promoted", "colours-1", None),
    ]


def test_the_first_champion_cannot_be_rolled_back(client: TestClient) -> None:
    response = client.post("/models/rollback")
    assert (response.status_code, response.json()["code"]) == (409, "no_earlier_champion")


def test_a_rollback_to_a_damaged_bundle_changes_nothing(
    client: TestClient, small_library: Library, candidate: str
) -> None:
    promote(client, candidate, force=True)
    (small_library.bundles / "colours-1" / "golden.npz").unlink()
    response = client.post("/models/rollback")
    assert (response.status_code, response.json()["code"]) == (409, "bad_bundle")
    assert champion(client) == candidate


def test_only_admins_change_the_champion_under_their_keys_name(
    small_library: Library, candidate: str
) -> None:
    reader = shown(make_key(small_library.engine, "reader", "predict", "review"))
    admin = shown(make_key(small_library.engine, "ada", "admin"))
    asked = {"force": True, "by": "somebody else"}
    with guarded(small_library) as client:
        for path in (f"/models/{candidate}/promote", "/models/rollback"):
            assert client.post(path, json=asked, headers=reader).json()["code"] == "missing_scope"
            assert client.post(path, json=asked).json()["code"] == "missing_key"
        assert client.post(f"/models/{candidate}/promote", json=asked, headers=admin).status_code == 200
        items = client.get("/models/history", headers=reader).json()["items"]
    assert items[0]["by"] == "ada"
