"""A small service with a state to lose."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create_app
from backend.keeping.backup import MadeBackup, back_up
from tests.backend.api.conftest import Library, first_library, small_library
from tests.drawing import picture
from training.progress import Silent

__all__ = ["first_library", "small_library"]

STRANGER = picture("red", 77)


@contextmanager
def serving(library: Library, **changes: object) -> Iterator[TestClient]:
    app = create_app(library.settings.model_copy(update=changes))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, data: bytes = STRANGER) -> Any:
    """What is answered to a picture, but for what differs each time."""
    answer = client.post("/predict", files={"file": data}).json()
    return {name: value for name, value in answer.items() if name != "prediction_id"}


def similar(client: TestClient, data: bytes = STRANGER) -> Any:
    return client.post("/similar", files={"file": data}, params={"k": 10}).json()


def send(client: TestClient, data: bytes = STRANGER, by: str = "Anna") -> int:
    """Has the service keep a picture; its id."""
    prediction_id = client.post("/predict", files={"file": data}).json()["prediction_id"]
    said = {"prediction_id": prediction_id, "correct": "false", "label": "green", "by": by}
    return int(client.post("/feedback", data=said, files={"file": data}).json()["image_id"])


@pytest.fixture
def backed_up(small_library: Library, tmp_path: Path) -> MadeBackup:
    """A backup of a library to which somebody sent a picture."""
    with serving(small_library) as client:
        send(client)
    small_library.engine.dispose()
    return back_up(small_library.settings, tmp_path / "kept.tar", Silent().track)
