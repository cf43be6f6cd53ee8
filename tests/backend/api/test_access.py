"""What a request's line in the log tells of it, and under which route it is counted."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api.logs import JsonLines
from backend.inference.cpu import available_cpus
from tests.backend.api.test_observed import ask, metric
from tests.backend.api.test_turns import WAITING, Desk, desk
from tests.drawing import picture
from tests.waiting import wait_until

__all__ = ["desk"]  # a fixture

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Asks for the lines of JSON so far, one a request."""
    caplog.set_level(logging.INFO, "backend.api.access")

    def told() -> list[dict[str, Any]]:
        records = [record for record in caplog.records if record.name == "backend.api.access"]
        return [json.loads(JsonLines().format(record)) for record in records]

    return told


def test_a_line_tells_the_model_and_how_long_each_stage_took(client: TestClient, lines: Lines) -> None:
    assert ask(client, picture("red")).status_code == 200
    (line,) = lines()
    assert line["model_version"] == "colours-1"
    assert list(line["stages_ms"]) == ["queue", "decode", "infer", "search"]
    assert all(ms >= 0 for ms in line["stages_ms"].values())
    assert 0 < sum(line["stages_ms"].values()) <= line["ms"]


def test_a_line_tells_of_the_stages_that_were_come_to_and_of_no_others_request(
    client: TestClient, lines: Lines
) -> None:
    ask(client, picture("red"))
    ask(client, b"no picture")
    client.get("/livez")
    _, unreadable, alive = lines()
    assert list(unreadable["stages_ms"]) == ["queue", "decode"]
    assert "stages_ms" not in alive
    assert "model_version" not in alive


def test_requests_at_once_each_have_stages_of_their_own(client: TestClient, lines: Lines) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ask(client, picture("red", number)), range(24)))
    assert [list(line["stages_ms"]) for line in lines()] == [["queue", "decode", "infer", "search"]] * 24
    assert all(sum(line["stages_ms"].values()) <= line["ms"] for line in lines())


def test_what_is_refused_before_its_route_is_counted_under_it(client: TestClient, lines: Lines) -> None:
    for path in ("/predict", "/predict/none/such", "/images/1"):
        client.post(path, content=b"x" * 400_000, headers={"content-type": "image/jpeg"})
    assert [line["route"] for line in lines()] == ["/predict", "none", "/images/{image_id}"]
    assert metric(client, 'menagerie_request_seconds_count{route="/predict",status="413"}') == 1


def test_what_is_refused_as_overloaded_is_counted_under_its_route(desk: Desk) -> None:
    with ThreadPoolExecutor(20) as pool:
        accepted: list[Future[Any]] = []
        for _ in range(available_cpus() + WAITING):
            accepted.append(pool.submit(desk.ask))
            wait_until(lambda: desk.begun + desk.waiting == len(accepted))
        assert desk.ask().status_code == 503
        assert desk.client.post("/similar").status_code == 503
        assert desk.client.post("/my/own/path").status_code == 404
        desk.open.set()
    counted = 'menagerie_request_seconds_count{{route="{}",status="{}"}}'
    for route, status in (("/predict", 503), ("/similar", 503), ("none", 404)):
        assert metric(desk.client, counted.format(route, status)) == 1
