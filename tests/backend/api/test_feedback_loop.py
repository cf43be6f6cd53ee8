"""What somebody says of an answer reaches the next training, if somebody who may decides so."""

from fastapi.testclient import TestClient

from tests.backend.api.conftest import TASK, Library
from tests.drawing import picture
from training.dataset import load_dataset
from training.ingestion.taking_up import take_up
from training.progress import Silent


def learnt(small_library: Library) -> dict[int, str | None]:
    """What a training that begins now would use: the label of each picture, by id."""
    take_up(small_library.engine, TASK, None, Silent())
    dataset = load_dataset(small_library.engine, TASK)
    return {image.id: image.label for image in dataset.train + dataset.val + dataset.test}


def test_a_report_is_learnt_from_once_it_is_confirmed_and_not_before(
    client: TestClient, small_library: Library
) -> None:
    before = learnt(small_library)
    data = picture("green", 88)
    prediction_id = client.post("/predict", files={"file": data}).json()["prediction_id"]
    fields = {"prediction_id": prediction_id, "correct": "false", "label": "red"}
    image_id = client.post("/feedback", data=fields, files={"file": data}).json()["image_id"]
    assert learnt(small_library) == before
    client.post("/decisions", json={"image_ids": [image_id], "kind": "label", "label": "blue"})
    assert learnt(small_library) == before | {image_id: "blue"}
