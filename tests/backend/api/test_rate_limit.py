"""How often a client may ask, by a clock that a test turns itself."""

from http import HTTPStatus
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from backend.api.buckets import MOST_CLIENTS
from backend.api.errors import ApiError, problem_of
from backend.api.rate_limit import RateLimit, charge
from tests.backend.api.conftest import Library
from tests.backend.api.guarded import guarded, make_key, shown
from tests.backend.api.test_buckets import Clock

BURST = 10


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Counts a request as many times as its path says."""
    try:
        charge(Request(scope), int(scope["path"].rpartition("/")[2] or 1))
        answer: Response = PlainTextResponse("ok")
    except ApiError as error:
        answer = problem_of(error)
    await answer(scope, receive, send)


class Service:
    """Answers with 200, or with after how many seconds to come again."""

    def __init__(self, per_minute: int | None, workers: int = 1) -> None:
        self.clock = Clock()
        self._app = RateLimit(app, per_minute, workers, self.clock)

    def ask(self, address: str | None = "192.0.2.7", path: str = "/") -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        client = None if address is None else (address, 50_000)
        scope: Scope = {"type": "http", "method": "GET", "path": path, "headers": [], "client": client}
        anyio.run(self._app, scope, self._nothing, send)
        retry_after = dict(sent[0]["headers"]).get(b"retry-after")
        assert (sent[0]["status"] == HTTPStatus.TOO_MANY_REQUESTS) is (retry_after is not None)
        return int(retry_after or sent[0]["status"])

    async def _nothing(self) -> Any:
        raise AssertionError("the body was asked for")

    def served(self, address: str) -> int:
        """How many requests are answered now."""
        count = 0
        while self.ask(address) == HTTPStatus.OK:
            count += 1
        return count


def test_who_comes_too_often_is_told_when_to_come_again_and_served_then() -> None:
    service = Service(per_minute=24)
    assert service.served("192.0.2.7") == BURST
    assert service.ask() == 3  # a token takes 2.5 seconds, told in whole ones
    service.clock.seconds += 2.4
    assert service.ask() == 1
    service.clock.seconds += 0.1
    assert service.ask() == HTTPStatus.OK


def test_each_address_is_counted_for_itself_and_those_of_one_home_together() -> None:
    service = Service(per_minute=60)
    for address in (
        "192.0.2.7",
        "192.0.2.8",
        "2001:db8:0:1::5",
        "2001:db8:0:2::5",
        "a-socket",
        "::ffff:1.2.3.4",
    ):
        assert service.served(address) == BURST, address
    assert service.served("2001:db8:0:1:ffff::9") == 0
    assert service.served("::ffff:1.2.3.5") == BURST
    assert service.ask(None) == HTTPStatus.OK


def test_a_request_may_cost_more_than_one() -> None:
    service = Service(per_minute=60)
    assert service.ask(path="/batch/7") == HTTPStatus.OK
    assert service.ask(path="/batch/4") == 1  # had 3 left, of which the request itself took one
    assert service.served("192.0.2.7") == 2
    service.clock.seconds += 60
    assert service.ask(path="/batch/40") == HTTPStatus.OK
    assert service.ask() == 31


def test_without_a_limit_nothing_is_counted_and_nothing_charged() -> None:
    service = Service(per_minute=None)
    assert {service.ask(path="/batch/1000") for _ in range(BURST + 5)} == {HTTPStatus.OK}


def test_each_of_several_workers_allows_its_share() -> None:
    service = Service(per_minute=60, workers=5)
    assert service.served("192.0.2.7") == BURST / 5
    assert service.ask() == 5


def test_addresses_without_end_take_a_bounded_memory() -> None:
    limit = RateLimit(app, 60)
    for number in range(MOST_CLIENTS + 100):
        limit._bucket({"client": (f"10.0.{number // 256}.{number % 256}", 1)})
    assert len(limit._addresses._buckets) == MOST_CLIENTS


def test_a_keys_own_limit_wins_and_each_key_is_counted_for_itself(small_library: Library) -> None:
    keys = {"plain": None, "other": None, "quick": 10_000}
    tokens = {name: make_key(small_library.engine, name, rate_limit=limit) for name, limit in keys.items()}
    with guarded(small_library, rate_limit=1) as client:
        assert served(client, tokens["plain"]) == BURST
        assert served(client, tokens["other"]) == BURST
        assert served(client, tokens["quick"], most=5 * BURST) == 5 * BURST
        refused = client.get("/labels", headers=shown(tokens["plain"]))
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert refused.headers["content-type"] == "application/problem+json"
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert client.get("/docs").status_code == 200  # counted by the address


def test_a_key_may_be_limited_where_the_others_are_not(small_library: Library) -> None:
    plain, slow = make_key(small_library.engine, "a"), make_key(small_library.engine, "b", rate_limit=1)
    with guarded(small_library) as client:
        assert served(client, slow) == BURST
        assert served(client, plain, most=2 * BURST) == 2 * BURST


@pytest.mark.parametrize("auth", ["on", "off"])
def test_probes_are_never_limited(small_library: Library, auth: str) -> None:
    with guarded(small_library, auth=auth, rate_limit=1) as client:
        for _ in range(BURST + 5):
            assert client.get("/livez").status_code == client.get("/readyz").status_code == 200


def test_where_no_key_is_needed_an_address_is_limited(small_library: Library) -> None:
    with guarded(small_library, auth="off", rate_limit=1) as client:
        assert served(client, "") == BURST
        assert client.get("/labels", headers=shown("another")).status_code == 429


def served(client: TestClient, token: str, most: int = 100) -> int:
    """How many requests with that key are answered at once, `most` at most."""
    for count in range(most):
        if client.get("/nowhere", headers=shown(token)).status_code == 429:
            return count
    return most
