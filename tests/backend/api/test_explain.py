"""What on a picture an answer comes from, over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.app import create_app
from backend.api.settings import Settings
from backend.inference.manifest import read_manifest
from databases import registry
from tests.drawing import draw_class_folders, encode, picture
from tests.tiny_explanation import make_explained_bundle
from tests.training.making import take_in


@pytest.fixture
def explaining(tmp_path: Path, engine: Engine, database_url: str, bundles: Path) -> Iterator[TestClient]:
    """A service whose model explains its answers, over two pictures a colour."""
    folder = make_explained_bundle(bundles)
    take_in(engine, draw_class_folders(tmp_path / "pictures", 2))
    with Session(engine) as session, session.begin():
        registry.register(session, read_manifest(folder), None)
        registry.promote(session, "colours-1")
    settings = Settings(DATABASE_URL=database_url, bundles=bundles, max_upload_bytes=200_000)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, data: bytes, **params: Any) -> Any:
    return client.post("/explain", files={"file": ("a.png", data)}, params=params)


def half_and_half() -> bytes:
    """Red at the left, blue at the right, and more of the red."""
    image = Image.new("RGB", (80, 60), (255, 0, 0))
    image.paste((0, 0, 255), (50, 0, 80, 60))
    return encode(image, "PNG")


def test_each_label_is_explained_by_another_part_of_the_picture(explaining: TestClient) -> None:
    likeliest, other = ask(explaining, half_and_half()), ask(explaining, half_and_half(), label="blue")
    assert (likeliest.status_code, other.status_code) == (200, 200)
    assert (likeliest.json()["label"], other.json()["label"]) == ("red", "blue")
    red, blue = (np.array(answer.json()["heat"]) for answer in (likeliest, other))
    assert red.shape == blue.shape == (8, 8)
    assert (red[:, :4] == 1).all()
    assert (red[:, 6:] == 0).all()
    assert (blue[:, :4] == 0).all()
    assert likeliest.json()["box"] == {"left": 0, "top": 0, "right": 1, "bottom": 1}
    assert likeliest.json()["model"] == {"task": "colours", "version": "colours-1"}
    stages = explaining.get("/metrics").text
    assert 'menagerie_stage_seconds_count{stage="infer"} 2.0' in stages
    assert 'menagerie_stage_seconds_count{stage="queue"} 2.0' in stages


def test_a_picture_of_the_library_is_explained_as_its_bytes_are(
    explaining: TestClient, tmp_path: Path
) -> None:
    found = explaining.get("/images", params={"label": "green"}).json()["items"][0]
    known = explaining.post("/explain", data={"image_id": found["id"]})
    sent = ask(explaining, (tmp_path / "pictures" / "green" / found["file_name"]).read_bytes())
    assert known.status_code == 200
    assert known.json() == sent.json()
    (tmp_path / "pictures" / "green" / found["file_name"]).unlink()
    gone = explaining.post("/explain", data={"image_id": found["id"]})
    assert (gone.status_code, gone.json()["code"]) == (404, "file_missing")


def test_a_question_that_cannot_be_answered_is_a_problem_with_a_code(explaining: TestClient) -> None:
    file = {"file": ("a.jpg", picture("red"))}
    asked = [
        (explaining.post("/explain"), 422, "invalid_request"),
        (explaining.post("/explain", files=file, data={"image_id": 1}), 422, "invalid_request"),
        (explaining.post("/explain", data={"image_id": 999}), 404, "not_found"),
        (ask(explaining, picture("red"), label="purple"), 404, "unknown_label"),
        (ask(explaining, b""), 415, "empty_file"),
        (ask(explaining, b"hello"), 415, "unsupported_format"),
        (ask(explaining, b"x" * 400_000), 413, "too_many_bytes"),
    ]
    for response, status, code in asked:
        assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_body_that_is_a_picture_will_do(explaining: TestClient) -> None:
    sent = explaining.post("/explain", content=half_and_half(), headers={"Content-Type": "image/png"})
    assert sent.json() == ask(explaining, half_and_half()).json()


def test_the_list_of_models_says_whether_the_serving_one_explains(explaining: TestClient) -> None:
    assert explaining.get("/models").json()["explains"] is True


def test_a_model_that_cannot_tell_says_so(client: TestClient) -> None:
    assert client.get("/models").json()["explains"] is False
    refused = ask(client, picture("red"))
    assert (refused.status_code, refused.json()["code"]) == (422, "no_explanation")
