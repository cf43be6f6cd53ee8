"""What holds of the built images when they run.

`tests/images/build.sh` builds them and names this file to pytest, which would not collect it by itself.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from backend.api.schemas import PredictionOut, Readiness
from tests.drawing import picture
from tests.images.compose import Service, environment, read_compose
from tests.images.containers import Container, container

API_URL = "http://127.0.0.1:8000"
UI_URL = "http://127.0.0.1:8501"
MLFLOW_URL = "http://127.0.0.1:5000"
UP_BAR_S = 10
USER = 10001
COMPILERS = ("cc", "gcc", "c++", "g++", "clang", "ld", "make")
# Fails where any is there. By the exit status: on a busy machine what is printed last may be lost.
FIND = """
import sys
from importlib.util import find_spec
sys.exit(" ".join(filter(find_spec, sys.argv[1:])) or 0)
"""
RUN_PAGE = """
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("frontend/app.py", default_timeout=60).run()
assert not page.exception, page.exception
print(*(html.value for html in page.html))
"""
# Squares of two colours, each a little different.
DRAW = """
from pathlib import Path
from PIL import Image
for number in range(40):
    for name, colour in (("red", (200, number, 5 * number)), ("blue", (5 * number, number, 200))):
        folder = Path("/tmp/drawn", name)
        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (64, 48), colour)
        picture.paste((255, 255, 255), (number, number % 7, number + 9, 20 + number % 11))
        picture.save(folder / f"{number}.png")
"""
ASK_READINESS = """
import os, httpx
print(httpx.get(os.environ["MENAGERIE_API_URL"] + "/readyz").raise_for_status().text)
"""


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    return read_compose().services


@pytest.fixture(scope="module")
def stopped_api(services: dict[str, Service]) -> Iterator[Container]:
    with container(os.environ["API_IMAGE"], environment(services["api"])) as made:
        yield made


needs_training = pytest.mark.skipif(
    "TRAINING_IMAGE" not in os.environ, reason="the image of training is built where WITH_TRAINING=1"
)


@dataclass(frozen=True)
class Up:
    """The API as `docker compose up` starts it on a fresh clone. `began`: in seconds of the epoch; `seconds`:
    from the beginning of the preparation until /readyz says that it is ready."""

    api: Container
    began: float
    seconds: float


@pytest.fixture(scope="module")
def up(services: dict[str, Service], stopped_api: Container) -> Iterator[Up]:
    began, clock = time.time(), time.monotonic()
    prepare(services, stopped_api)
    with stopped_api.running() as process:
        stopped_api.wait_until(is_ready, process)
        yield Up(stopped_api, began, time.monotonic() - clock)


@pytest.fixture(scope="module")
def api(up: Up) -> Container:
    return up.api


def prepare(services: dict[str, Service], container: Container) -> None:
    command = services["prepare"].command
    assert command is not None
    done = container.run(*command)
    assert done.returncode == 0, done.stderr


def is_ready() -> bool:
    return answers(f"{API_URL}/readyz")


def answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=2).status_code == 200
    return False


@pytest.fixture(scope="module")
def ui(services: dict[str, Service], api: Container) -> Iterator[Container]:
    assert api.is_healthy()  # which compose waits for
    with container(os.environ["UI_IMAGE"], environment(services["ui"])) as made, made.serving():
        yield made


def test_the_api_image_holds_neither_torch_nor_training_nor_installers(stopped_api: Container) -> None:
    done = stopped_api.run("python", "-c", FIND, "torch", "training", "frontend", "uv", "pip")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["API_IMAGE", "UI_IMAGE"])
def test_an_image_runs_as_a_user_that_can_write_neither_code_nor_packages(name: str) -> None:
    with container(os.environ[name], {}) as made:
        assert made.config.user.split(":")[0] == made.run("id", "-u").stdout.strip() != "0"
        for folder in ("/app", "/opt/venv/lib", "/opt"):
            assert made.run("touch", f"{folder}/x").returncode != 0


@pytest.mark.parametrize("name", ["API_IMAGE", "UI_IMAGE"])
def test_an_image_holds_no_compiler(name: str) -> None:
    with container(os.environ[name], {}) as made:
        for compiler in COMPILERS:
            assert made.run("sh", "-c", f"command -v {compiler}").returncode != 0, compiler


def test_the_page_image_holds_neither_torch_nor_the_service() -> None:
    with container(os.environ["UI_IMAGE"], {}) as made:
        done = made.run("python", "-c", FIND, "torch", "training", "backend", "databases", "uv", "pip")
        assert done.returncode == 0, done.stderr


def test_from_up_to_ready_takes_seconds(up: Up, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nup to ready: {up.seconds:.1f} s (bar: {UP_BAR_S})\n")
    assert up.seconds <= UP_BAR_S


def test_preparing_once_more_as_on_every_later_start_changes_nothing(
    services: dict[str, Service], api: Container
) -> None:
    prepare(services, api)
    assert is_ready()


@pytest.mark.usefixtures("api")
def test_the_api_is_ready_with_the_starter_model_after_preparation() -> None:
    ready = Readiness.model_validate_json(httpx.get(f"{API_URL}/readyz").raise_for_status().content)
    assert ready.model.version == "starter-1"


@pytest.mark.usefixtures("api")
def test_the_api_names_what_is_on_a_picture() -> None:
    answer = httpx.post(
        f"{API_URL}/predict", files={"file": ("drawn.jpg", picture("green"), "image/jpeg")}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    assert len(PredictionOut.model_validate_json(answer.content).top_k) > 1


def test_the_page_is_served_and_reaches_the_api_where_compose_says(ui: Container) -> None:
    assert "text/html" in httpx.get(UI_URL).raise_for_status().headers["content-type"]
    asked = ui.run("python", "-c", ASK_READINESS)
    assert asked.returncode == 0, asked.stderr
    assert Readiness.model_validate_json(asked.stdout).model.version == "starter-1"


def test_the_page_itself_runs_in_its_image_and_names_the_model(ui: Container) -> None:
    done = ui.run("python", "-c", RUN_PAGE)
    assert done.returncode == 0, done.stderr
    assert "starter-1" in done.stdout


def test_what_serves_writes_nowhere_but_to_its_volume_and_to_tmp(up: Up, ui: Container) -> None:
    for serving in (up.api, ui):
        assert serving.written_since(up.began) == []


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """What compose mounts as /state: the images' user may write there."""
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, USER, USER)
    return folder


@needs_training
def test_the_training_image_trains_what_it_is_shown(services: dict[str, Service], state: Path) -> None:
    volumes = {state: "/state"}
    # As compose does before any training. By the starter look-alikes are found: else it would be built first.
    with container(os.environ["API_IMAGE"], environment(services["prepare"]), volumes) as preparing:
        prepare(services, preparing)
    told = environment(services["training"], MENAGERIE_TRACKING="off")
    with container(os.environ["TRAINING_IMAGE"], told, volumes) as made:
        assert made.run("menagerie", "--version").stdout.startswith("menagerie ")
        assert made.run("python", "-c", DRAW).returncode == 0
        for command in (
            ("ingest", "/tmp/drawn"),
            ("train", "--arch", "simple_cnn", "--epochs", "1", "--promote"),
        ):
            done = made.run("menagerie", *command)
            assert done.returncode == 0, done.stdout + done.stderr
            assert "Building the starter model" not in done.stdout + done.stderr
        listed = made.run("menagerie", "models", "list")
        assert "drawn-1" in listed.stdout
        assert made.run("id", "-u").stdout.strip() == str(USER)


@needs_training
def test_the_training_image_shows_mlflows_page_as_compose_starts_it(services: dict[str, Service]) -> None:
    told = services["mlflow"]
    assert told.command is not None
    image = os.environ["TRAINING_IMAGE"]
    with (
        container(image, environment(told)) as made,
        made.running("menagerie", *told.command) as process,
    ):
        made.wait_until(lambda: answers(f"{MLFLOW_URL}/health"), process)
        assert "<title>MLflow</title>" in httpx.get(MLFLOW_URL).text
