"""Who answers comes before who computes."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import Request
from starlette.types import Message

from backend.api.metrics import Metrics
from backend.api.priority import behind
from backend.api.turns import Turns

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def niceness_of_another_thread() -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(niceness).result()


def test_pictures_are_worked_on_behind_the_thread_that_answers() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def ask() -> int:
        request = Request({"type": "http"}, receive)
        return await Turns(1, 1, 1.0, Metrics()).run(request, niceness)

    assert asyncio.run(ask()) > niceness()


def test_the_threads_that_a_model_starts_are_behind_too() -> None:
    assert behind(niceness_of_another_thread) > niceness()


def test_what_fails_behind_is_told() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        behind(int, "none")
