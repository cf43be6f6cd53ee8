"""A person at the page while the service is away: a real page and browser, and a stand-in that fails."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.drawing import picture
from tests.frontend.stand_in import StandIn, serve
from tests.processes import free_port, running
from training.cli.processes import LOCAL, page_command

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service() -> Iterator[StandIn]:
    stand_in = StandIn(thumbnail=picture("red", 1))
    with serve(stand_in) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield stand_in
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def url(service: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, log = free_port(), tmp_path_factory.mktemp("page") / "page.log"
    url = f"http://{LOCAL}:{port}"
    settings = {"MENAGERIE_API_URL": service.url}
    with running(page_command(LOCAL, port)[2:], settings, f"{url}/_stcore/health", log):
        yield url


def test_what_failed_meanwhile_is_asked_again_by_itself(page: Page, service: StandIn, url: str) -> None:
    service.refuse("/predict", 503, "not_ready")
    page.goto(url)
    page.locator("input[type=file]").set_input_files(
        {"name": "unseen.jpg", "mimeType": "image/jpeg", "buffer": picture("blue", 700)}
    )
    expect(page.get_by_role("alert")).to_contain_text("The service is still starting")
    service.broken.clear()
    expect(page.locator(".mng-answer h1")).to_contain_text("tiger")
    # What is new has the keyboard, and the way back leads to where it was chosen.
    expect(page.locator(".mng-answer h1")).to_be_focused()
    page.go_back()
    expect(page.get_by_text("What animal is this?")).to_be_visible()
    page.go_forward()
    expect(page.locator(".mng-answer h1")).to_contain_text("tiger")


def test_how_many_are_sent_is_told_while_they_are(page: Page, url: str) -> None:
    held: list[Route] = []
    page.route("**/_stcore/upload_file/**", lambda route: held.append(route))
    page.goto(f"{url}/batch")
    chosen = [
        FilePayload(name=f"{n}.jpg", mimeType="image/jpeg", buffer=picture("blue", n)) for n in range(3)
    ]
    page.locator("input[type=file]").set_input_files(chosen)
    told = page.locator(".mng-sending")
    expect(told).to_have_text("0 of 3 sent")
    while not held:  # the box tells before anything leaves the browser
        page.wait_for_timeout(50)
    held.pop().continue_()
    expect(told).to_have_text("1 of 3 sent")
