"""What holds of the built images when they run.

`tests/images/build.sh` builds them and names this file to pytest, which would not collect it by itself.
"""

import os
from collections.abc import Iterator

import httpx
import pytest

from backend.api.schemas import PredictionOut, Readiness
from tests.drawing import picture
from tests.images.compose import Service, environment, read_compose
from tests.images.containers import Container, container

API_URL = "http://127.0.0.1:8000"
UI_URL = "http://127.0.0.1:8501"
RUN_PAGE = """
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("frontend/app.py", default_timeout=60).run()
assert not page.exception, page.exception
print(*(html.value for html in page.html))
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


@pytest.fixture(scope="module")
def prepared(services: dict[str, Service], stopped_api: Container) -> Container:
    """As `docker compose up` on a fresh clone, then once more as on every later start."""
    command = services["prepare"].command
    assert command is not None
    for _ in range(2):
        done = stopped_api.run(*command)
        assert done.returncode == 0, done.stderr
    return stopped_api


@pytest.fixture(scope="module")
def api(prepared: Container) -> Iterator[Container]:
    with prepared.serving():
        yield prepared


@pytest.fixture(scope="module")
def ui(services: dict[str, Service], api: Container) -> Iterator[Container]:  # noqa: ARG001
    with container(os.environ["UI_IMAGE"], environment(services["ui"])) as made, made.serving():
        yield made


def test_the_api_image_holds_neither_torch_nor_training_nor_installers(stopped_api: Container) -> None:
    for module in ("torch", "training", "frontend", "uv", "pip"):
        done = stopped_api.run("python", "-c", f"import {module}")
        assert f"No module named '{module}'" in done.stderr


@pytest.mark.parametrize("name", ["API_IMAGE", "UI_IMAGE"])
def test_an_image_runs_as_a_user_that_can_write_neither_code_nor_packages(name: str) -> None:
    with container(os.environ[name], {}) as made:
        assert made.config.user.split(":")[0] == made.run("id", "-u").stdout.strip() != "0"
        for folder in ("/app", "/opt/venv/lib", "/opt"):
            assert made.run("touch", f"{folder}/x").returncode != 0


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
