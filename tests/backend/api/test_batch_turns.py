"""A batch among others: it waits its turns like them, and stops when nobody waits for it."""

import threading
from collections.abc import Iterator, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from backend.api import answering
from backend.api.app import create_app
from backend.api.errors import CLIENT_CLOSED_REQUEST
from backend.inference.bundle import load_bundle
from backend.inference.cpu import available_cpus
from databases import registry
from tests.backend.api.conftest import Library
from tests.backend.api.test_batch import codes, post_zip
from tests.drawing import picture
from tests.tiny_bundle import make_bundle
from tests.waiting import SECONDS, wait_until
from tests.zip_forging import entry, zipped

AT_ONCE = available_cpus()
MANY = 3 * AT_ONCE
BAD = picture("green", 99)


class Desk:
    """A service that looks at no picture before it may. `begun`: those it was to look at, in order."""

    def __init__(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = client
        self.begun: list[bytes] = []
        self._may = threading.Semaphore(0)
        ask = answering._ask

        def held_up(service: Any, data: bytes) -> Any:
            self.begun.append(data)
            assert self._may.acquire(timeout=SECONDS)
            if data == BAD:
                raise RuntimeError("a bug that only this picture finds")
            return ask(service, data)

        monkeypatch.setattr(answering, "_ask", held_up)

    def let(self, count: int = 1000) -> None:
        """Lets so many be looked at."""
        self._may.release(count)

    def ask(self, data: bytes) -> Any:
        return self.client.post("/predict", content=data, headers={"content-type": "image/jpeg"})

    def ask_many(self, colour: str) -> Any:
        return post_zip(self.client, many(colour))

    @property
    def waiting(self) -> int:
        return int(self.client.app.state.succession.service.turns.waiting)  # type: ignore[attr-defined]


def many(colour: str) -> bytes:
    """Three times as many pictures as are worked on at once."""
    return zipped(*(entry("a.jpg", picture(colour, number)) for number in range(MANY)))


@pytest.fixture
def desk(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    settings = small_library.settings.model_copy(update={"max_waiting": 1, "waiting_seconds": SECONDS})
    with TestClient(create_app(settings)) as client:
        desk = Desk(client, monkeypatch)
        yield desk
        desk.let()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(9) as pool:
        yield pool


def test_a_single_picture_has_its_turn_before_the_rest_of_a_batch(
    desk: Desk, pool: ThreadPoolExecutor
) -> None:
    batch = pool.submit(desk.ask_many, "red")
    wait_until(lambda: len(desk.begun) == AT_ONCE)
    single = pool.submit(desk.ask, picture("blue"))
    wait_until(lambda: desk.waiting == 1)
    desk.let(1)
    wait_until(lambda: len(desk.begun) == AT_ONCE + 1)
    assert desk.begun[-1] == picture("blue")
    desk.let()
    assert single.result().json()["label"] == "blue"
    assert codes(batch.result()) == ["red"] * MANY


def test_a_batch_is_refused_as_a_whole_or_not_at_all(desk: Desk, pool: ThreadPoolExecutor) -> None:
    accepted: list[Future[Any]] = [pool.submit(desk.ask_many, "red")]
    wait_until(lambda: len(desk.begun) == AT_ONCE)
    accepted.append(pool.submit(desk.ask_many, "blue"))
    wait_until(lambda: desk.waiting == AT_ONCE)
    for refused in (desk.ask_many("green"), desk.ask(picture("green"))):
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
    desk.let()
    assert [codes(future.result()) for future in accepted] == [["red"] * MANY, ["blue"] * MANY]


def test_a_batch_is_answered_by_one_model_whoever_is_promoted_meanwhile(
    desk: Desk, pool: ThreadPoolExecutor, small_library: Library
) -> None:
    batch = pool.submit(desk.ask_many, "red")
    wait_until(lambda: len(desk.begun) == AT_ONCE)
    newer = load_bundle(make_bundle(small_library.bundles, "colours-2"))
    with Session(small_library.engine) as session, session.begin():
        registry.register(session, newer.manifest, None)
        registry.promote(session, "colours-2")
    succession = desk.client.app.state.succession  # type: ignore[attr-defined]
    wait_until(lambda: succession.service.model.version == "colours-2")
    desk.let()
    answer = batch.result().json()
    assert {item["prediction"]["model"]["version"] for item in answer["items"]} == {"colours-1"}
    assert answer["model"]["version"] == "colours-1"
    assert desk.ask(picture("red")).json()["model"]["version"] == "colours-2"


def test_a_bug_with_one_picture_spoils_no_other(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.let()
    answer = post_zip(
        desk.client, zipped(*(entry("a", data) for data in (picture("red"), BAD, picture("blue"))))
    )
    assert codes(answer) == ["red", "internal_error", "blue"]
    assert "only this picture" not in answer.text
    assert "a bug that only this picture finds" in caplog.text


class Leaving:
    """A client that sends `messages` and goes away when `gone` is set. `status`: what it is told then."""

    def __init__(self, *messages: MutableMapping[str, Any]) -> None:
        self.gone = threading.Event()
        self.status = 0
        self._messages = list(messages)

    def ask(self, client: TestClient) -> Future[Any]:
        scope = {"type": "http", "method": "POST", "path": "/predict/batch", "query_string": b""}
        scope["headers"] = [(b"content-type", b"application/zip")]
        assert client.portal is not None
        return client.portal.start_task_soon(client.app, scope, self._receive, self._send)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        if not self.gone.is_set():
            await anyio.sleep_forever()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.status = message.get("status", self.status)


def test_the_rest_is_left_undone_when_the_client_goes_away(desk: Desk) -> None:
    client = Leaving({"type": "http.request", "body": many("red")})
    asked = client.ask(desk.client)
    wait_until(lambda: len(desk.begun) == AT_ONCE)
    client.gone.set()
    desk.let()
    asked.result(20)
    assert len(desk.begun) == AT_ONCE
    assert client.status == CLIENT_CLOSED_REQUEST


def test_who_goes_away_before_all_is_sent_is_no_bug(desk: Desk) -> None:
    client = Leaving({"type": "http.request", "body": many("red")[:99], "more_body": True})
    client.gone.set()
    client.ask(desk.client).result(20)
    assert client.status == CLIENT_CLOSED_REQUEST
    assert desk.begun == []
