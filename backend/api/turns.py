"""Pictures are worked on as many at once as there are cores; the others wait their turn, but not too many,
and not too long."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from anyio import CancelScope, CapacityLimiter, WouldBlock, create_task_group, move_on_after, to_thread
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.errors import ApiError, ClientGone, problem_of
from backend.api.metrics import Metrics

Answer = TypeVar("Answer")
RETRY_AFTER_SECONDS = 1


class Turns:
    """`at_once` pictures are in work; of the others, `most_waiting` wait for `seconds` at most, and the
    rest are refused."""

    def __init__(self, at_once: int, most_waiting: int, seconds: float, metrics: Metrics) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._threads = CapacityLimiter(at_once)  # of its own: others wait for disks and networks
        self._most_waiting = most_waiting
        self._seconds = seconds
        self._metrics = metrics
        metrics.show("waiting", "Pictures that wait for their turn.", lambda: self.waiting)

    @property
    def waiting(self) -> int:
        return self._limiter.statistics().tasks_waiting

    def refusal(self) -> ApiError | None:
        """What to tell who comes now, if as many wait as may, and none is free."""
        if self._limiter.available_tokens > 0 or self.waiting < self._most_waiting:
            return None
        return overloaded(f"{self.waiting} pictures are waiting already")

    async def run(self, request: Request, work: Callable[..., Answer], *arguments: object) -> Answer:
        """What `work` comes to, in a thread, when its turn has come.

        Raises:
            ApiError: `overloaded`: too many are waiting, or this one waited too long.
            ClientGone: the client went away before its turn came.
        """
        if refusal := self.refusal():
            raise refusal
        with self._metrics.stage("queue"):
            await self._wait(request)
        try:
            if await request.is_disconnected():
                raise ClientGone
            return await to_thread.run_sync(work, *arguments, limiter=self._threads)
        finally:
            self._limiter.release()

    async def _wait(self, request: Request) -> None:
        try:
            self._limiter.acquire_nowait()
        except WouldBlock:
            await self._queue_up(request)

    async def _queue_up(self, request: Request) -> None:
        has_turn = gone = False

        async def watch(waiting: CancelScope) -> None:
            nonlocal gone
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone = True
            waiting.cancel()

        with move_on_after(self._seconds):
            async with create_task_group() as group:
                group.start_soon(watch, group.cancel_scope)
                await self._limiter.acquire()
                has_turn = True
                group.cancel_scope.cancel()
        if has_turn:
            return
        raise ClientGone if gone else overloaded(f"no turn came within {self._seconds:g} seconds")


class RefuseWhenFull:
    """Refuses a picture before its bytes are read, where it would have no turn."""

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self._app = app
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._turns.refusal() if scope["type"] == "http" and scope["method"] == "POST" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_of(refusal)(scope, receive, send)


def overloaded(reason: str) -> ApiError:
    """Come again in a moment."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", f"{reason}: try again in a moment", headers)
