"""The page as a process of its own, and what a visitor does there."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from bench.trials import Api
from tests.processes import free_port, running
from training.cli.processes import LOCAL, page_command, page_settings

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PATIENCE_MS = 60_000


@contextmanager
def page_of(api: Api, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The page that asks `api`, until the block ends: its address and its process."""
    settings = page_settings(str(api.client.base_url))
    port = free_port()
    url = f"http://{LOCAL}:{port}"
    with running(page_command(LOCAL, port)[2:], settings, f"{url}/_stcore/health", log) as process:
        yield url, process


def drop(page: Page, name: str, data: bytes) -> None:
    """Uploads a picture, and waits until its answer is to be seen."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})
    expect(page.locator(".mng-answer h1")).to_be_visible()


def ask(page: Page, name: str, data: bytes) -> None:
    """Uploads a picture, and waits for its answer and for the pictures below."""
    drop(page, name, data)
    wait_until_drawn(page)


def clear(page: Page) -> None:
    """Puts the answer away, for the next picture."""
    page.get_by_role("button", name="Another picture").click()
    expect(page.locator(".mng-answer")).to_have_count(0)
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Until the script has run to its end: before, a robot may reach what is about to go."""
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_be_visible()
