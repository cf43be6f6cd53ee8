"""More pictures than can be worked on: some wait, the rest are refused at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api import answering
from backend.api.app import create_app
from backend.inference.cpu import available_cpus
from tests.backend.api.conftest import Library
from tests.drawing import picture
from tests.waiting import wait_until

WAITING = 2


class Desk:
    """A service whose work is held up until `open` is set. `begun` counts what was begun."""

    def __init__(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = client
        self.open = threading.Event()
        self.begun = 0
        answer = answering._ask

        def held_up(*arguments: Any) -> Any:
            self.begun += 1
            assert self.open.wait(20)
            return answer(*arguments)

        monkeypatch.setattr(answering, "_ask", held_up)

    def ask(self) -> Any:
        return self.client.post("/predict", content=picture("red"), headers={"content-type": "image/jpeg"})

    @property
    def waiting(self) -> int:
        return int(self.client.app.state.succession.service.turns.waiting)  # type: ignore[attr-defined]


@pytest.fixture
def desk(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    settings = small_library.settings.model_copy(update={"max_waiting": WAITING})
    with TestClient(create_app(settings)) as client:
        desk = Desk(client, monkeypatch)
        yield desk
        desk.open.set()


def test_those_who_find_no_place_are_refused_at_once_and_the_others_answered(desk: Desk) -> None:
    with ThreadPoolExecutor(20) as pool:
        accepted: list[Future[Any]] = []
        for _ in range(available_cpus() + WAITING):
            accepted.append(pool.submit(desk.ask))
            wait_until(lambda: desk.begun + desk.waiting == len(accepted))
        for refused in (desk.ask(), desk.ask()):
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["content-type"] == "application/problem+json"
        assert desk.client.get("/livez").status_code == 200
        desk.open.set()
        assert {future.result().status_code for future in accepted} == {200}
    assert desk.ask().status_code == 200
