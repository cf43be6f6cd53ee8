"""More pictures than can be worked on: some wait, the rest are refused at once."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from backend.api import answering
from backend.api.app import create_app
from backend.api.errors import CLIENT_CLOSED_REQUEST
from backend.api.metrics import Metrics
from backend.api.turns import Turns
from backend.inference.cpu import available_cpus
from tests.backend.api.asgi import RudeClient, ask_rudely
from tests.backend.api.conftest import Library
from tests.drawing import picture
from tests.waiting import SECONDS, wait_until

WAITING = 2


class Desk:
    """A service whose work is held up until `open` is set. `begun` counts what was begun."""

    def __init__(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = client
        self.open = threading.Event()
        self.begun = 0
        ask = answering._ask

        def held_up(*arguments: Any) -> Any:
            self.begun += 1
            assert self.open.wait(SECONDS)
            return ask(*arguments)

        monkeypatch.setattr(answering, "_ask", held_up)

    def ask(self, seed: int = 0) -> Any:
        return self.client.post(
            "/predict", content=picture("red", seed), headers={"content-type": "image/jpeg"}
        )

    @property
    def waiting(self) -> int:
        return int(self.client.app.state.succession.service.turns.waiting)  # type: ignore[attr-defined]

    def keep_busy(self, pool: ThreadPoolExecutor) -> list[Future[Any]]:
        """Gives every core something to do."""
        asked = [pool.submit(self.ask, number) for number in range(available_cpus())]
        wait_until(lambda: self.begun == len(asked))
        return asked


@contextmanager
def desk_of(library: Library, monkeypatch: pytest.MonkeyPatch, **changes: float) -> Iterator[Desk]:
    limits = {"max_waiting": WAITING, "waiting_seconds": SECONDS} | changes
    settings = library.settings.model_copy(update=limits)
    with TestClient(create_app(settings)) as client:
        desk = Desk(client, monkeypatch)
        yield desk
        desk.open.set()


@pytest.fixture
def desk(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk_of(small_library, monkeypatch) as desk:
        yield desk


def fill(desk: Desk, pool: ThreadPoolExecutor) -> list[Future[Any]]:
    """Gives every core something to do, and every place in the queue to somebody."""
    accepted: list[Future[Any]] = []
    for number in range(available_cpus() + WAITING):
        accepted.append(pool.submit(desk.ask, number))
        wait_until(lambda: desk.begun + desk.waiting == len(accepted))
    return accepted


def test_those_who_find_no_place_are_refused_at_once_and_the_others_answered(desk: Desk) -> None:
    with ThreadPoolExecutor(20) as pool:
        accepted = fill(desk, pool)
        for refused in (desk.ask(), desk.ask()):
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["content-type"] == "application/problem+json"
        assert desk.client.get("/livez").status_code == 200
        desk.open.set()
        assert {future.result().status_code for future in accepted} == {200}
    assert desk.ask().status_code == 200


def test_what_people_decide_is_taken_while_pictures_find_no_place(desk: Desk) -> None:
    image = desk.client.get("/images", params={"limit": 1}).json()["items"][0]
    with ThreadPoolExecutor(20) as pool:
        accepted = fill(desk, pool)
        assert desk.ask().status_code == 503
        decided = desk.client.post("/decisions", json={"image_ids": [image["id"]], "kind": "include"})
        assert decided.json()["decided"] == 1
        undone = desk.client.post("/decisions/undo", json={"ids": decided.json()["ids"]})
        assert undone.json() == {"undone": 1}
        desk.open.set()
        assert {future.result().status_code for future in accepted} == {200}


def test_who_waits_too_long_is_refused(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        ThreadPoolExecutor(20) as pool,
        desk_of(small_library, monkeypatch, waiting_seconds=0.05) as desk,
    ):
        busy = desk.keep_busy(pool)
        refused = desk.ask()
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        assert desk.waiting == 0
        desk.open.set()
        assert {future.result().status_code for future in busy} == {200}


def test_who_goes_away_leaves_their_place_to_others(desk: Desk) -> None:
    with ThreadPoolExecutor(20) as pool:
        busy = desk.keep_busy(pool)
        leaving = RudeClient(picture("blue", 50), b"")
        gone = pool.submit(ask_rudely, desk.client, leaving)
        wait_until(lambda: desk.waiting == 1)
        leaving.leave(desk.client)
        assert gone.result() == CLIENT_CLOSED_REQUEST
        assert desk.waiting == 0
        desk.open.set()
        assert {future.result().status_code for future in busy} == {200}
        assert desk.begun == len(busy)
    assert desk.ask(7).status_code == 200


def test_who_waits_and_sends_too_much_that_nobody_reads_is_told_so(desk: Desk) -> None:
    with ThreadPoolExecutor(20) as pool:
        busy = desk.keep_busy(pool)
        image = desk.client.get("/images", params={"limit": 1}).json()["items"][0]["id"]
        chatty = RudeClient(
            *[bytes(100_000)] * 4, path="/similar", query=f"image_id={image}", kind="text/plain"
        )
        assert ask_rudely(desk.client, chatty) == 413  # and not that of a client that is gone
        assert desk.waiting == 0
        desk.open.set()
        assert {future.result().status_code for future in busy} == {200}


def test_the_same_bytes_are_worked_on_once(desk: Desk) -> None:
    desk.open.set()
    first, again, other = desk.ask(1).json(), desk.ask(1).json(), desk.ask(2).json()
    assert desk.begun == 2
    assert again.pop("prediction_id") != first.pop("prediction_id")
    assert again == first
    assert other["label"] == "red"
    similar = desk.client.post("/similar", files={"file": picture("red", 1)}, params={"k": 2})
    assert len(similar.json()["items"]) == 2
    assert desk.begun == 2


def test_nothing_is_kept_where_none_is_to_be(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_of(small_library, monkeypatch, cached_answers=0) as desk:
        desk.open.set()
        assert desk.ask(1).json()["label"] == desk.ask(1).json()["label"] == "red"
        assert desk.begun == 2


class Patient:
    """A client that stays."""

    async def is_disconnected(self) -> bool:
        return False


def test_what_work_that_fails_had_in_hand_is_given_back_at_once() -> None:
    pixels: list[weakref.ref[Any]] = []

    def fail() -> None:
        large = np.zeros((64, 64, 3), np.uint8)
        pixels.append(weakref.ref(large))
        raise ValueError("damaged")

    async def ask() -> None:
        with pytest.raises(ValueError, match="damaged"):
            await Turns(1, 1, 1.0, Metrics()).run(cast(Request, Patient()), fail)

    gc.collect()
    gc.disable()  # it comes by now and then, and too late for many such pictures
    try:
        asyncio.run(ask())
        wait_until(lambda: pixels[0]() is None)  # the thread that worked puts it down a moment later
    finally:
        gc.enable()
