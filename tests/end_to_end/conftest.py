"""The whole path as a user walks it: `menagerie demo --images` on a folder, with a real API and a real
page."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from databases.settings import PROJECT
from tests.browser import chromium
from tests.drawing import draw_class_folders
from tests.processes import free_port

PATIENCE = 60  # seconds
PATIENCE_MS = 1000 * PATIENCE


@dataclass(frozen=True)
class Demo:
    """A demo that runs: where it is, and what it has printed so far."""

    api: str
    page: str
    log: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_demo(state: Path, images: Path | None, seconds: float = 240) -> Iterator[Demo]:
    """`menagerie demo` with its state in `state`, from the moment it says that it is ready."""
    state.mkdir(parents=True, exist_ok=True)
    api, page, log = free_port(), free_port(), state / "demo.log"
    command = [
        sys.executable,
        "-m",
        "training.cli.main",
        "demo",
        "--api-port",
        str(api),
        "--ui-port",
        str(page),
    ]
    settings = {
        "DATABASE_URL": f"sqlite:///{state / 'images.db'}",
        "MENAGERIE_BUNDLES": str(state / "bundles"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command + (["--images", str(images)] if images else []),
            cwd=PROJECT,
            env=os.environ | settings,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    demo = Demo(f"http://127.0.0.1:{api}", f"http://127.0.0.1:{page}", log, process)
    try:
        _wait_until_ready(demo, seconds)
        yield demo
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _wait_until_ready(demo: Demo, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while "Ctrl-C ends both" not in demo.log.read_text():
        assert demo.process.poll() is None, demo.log.read_text()
        assert time.monotonic() < deadline, demo.log.read_text()
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all tests that change nothing: drawn pictures, and a model that was trained on them."""
    folder = tmp_path_factory.mktemp("demo")
    images = draw_class_folders(folder / "colours", per_label=12)
    with running_demo(folder / "state", images) as demo:
        yield demo


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser's page of the width of a desk's screen and of a phone's; nothing may be cut off on either."""
    width, height = request.param
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            "it scrolls sideways"
        )
