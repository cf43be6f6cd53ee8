"""From a folder of pictures to answers over HTTP, by the one command that a newcomer types."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.drawing import COLOURS, draw_class_folders, picture
from tests.end_to_end.conftest import PATIENCE, answers, running_demo


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_class_folders(tmp_path_factory.mktemp("images") / "My Colours", per_label=10)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What demos keep: the first of them trains, those that come later find what it left."""
    return tmp_path_factory.mktemp("demo") / "state"


def test_a_folder_becomes_a_service_and_the_second_start_trains_nothing(images: Path, state: Path) -> None:
    with running_demo(state, images) as demo, httpx.Client(base_url=demo.api, timeout=PATIENCE) as api:
        assert api.get("/readyz").json() == {
            "status": "ready",
            "model": {"task": "my-colours", "version": "my-colours-1"},
            "gallery": 30,
            "database": "ok",
        }
        for colour in COLOURS:
            files = {"file": picture(colour, 500)}
            answer = api.post("/predict", files=files).json()
            # Whether a drawn colour passes for an animal is the gate's business, not this test's.
            assert answer["top_k"][0]["label"] == colour
            found = api.post("/similar", files=files, params={"k": 4}).json()
            assert [item["image"]["label"] for item in found["items"]] == [colour] * 4
        assert api.get("/review/queue").json()["unanswered"] == 0
        assert httpx.get(f"{demo.page}/_stcore/health", timeout=PATIENCE).text == "ok"
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE) == 0
        assert not answers(f"{demo.api}/livez")
        assert not answers(f"{demo.page}/_stcore/health")
    assert "Traceback" not in demo.log.read_text()

    with running_demo(state, images) as demo:
        assert "Training" not in demo.log.read_text()
        ready = httpx.get(f"{demo.api}/readyz", timeout=PATIENCE).json()
        assert ready["model"]["version"] == "my-colours-1"


def test_when_one_of_the_two_dies_the_demo_says_so_and_ends(images: Path, state: Path) -> None:
    with running_demo(state, images) as demo:
        api = httpx.get(f"{demo.api}/livez", timeout=PATIENCE)
        assert api.is_success
        children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        assert demo.process.wait(PATIENCE) == 1
    last = demo.log.read_text().strip().splitlines()[-1]
    assert last.startswith("error: the API ended by itself")
    assert not answers(f"{demo.page}/_stcore/health")
