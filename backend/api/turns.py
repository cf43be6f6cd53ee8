"""Pictures are worked on as many at once as there are cores; the others wait their turn, but not too many."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.errors import ApiError, ClientGone, problem_of
from backend.api.metrics import Metrics

Answer = TypeVar("Answer")
RETRY_AFTER_SECONDS = 1


class Turns:
    """`at_once` pictures are in work; of the others, `most_waiting` wait and the rest are refused."""

    def __init__(self, at_once: int, most_waiting: int, metrics: Metrics) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._threads = CapacityLimiter(at_once)  # of its own: others wait for disks and networks
        self._most_waiting = most_waiting
        self._metrics = metrics

    @property
    def waiting(self) -> int:
        return self._limiter.statistics().tasks_waiting

    def refusal(self) -> ApiError | None:
        """What to tell who comes now, if as many wait as may, and none is free."""
        if self._limiter.available_tokens > 0 or self.waiting < self._most_waiting:
            return None
        detail = f"{self.waiting} pictures are waiting already: try again in a moment"
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", detail, headers)

    async def run(self, request: Request, work: Callable[..., Answer], *arguments: object) -> Answer:
        """What `work` comes to, in a thread, when its turn has come.

        Raises:
            ApiError: `overloaded`: too many are waiting.
            ClientGone: the client had gone when its turn came.
        """
        if refusal := self.refusal():
            raise refusal
        with self._metrics.stage("queue"):
            await self._limiter.acquire()
        try:
            if await request.is_disconnected():
                raise ClientGone
            return await to_thread.run_sync(work, *arguments, limiter=self._threads)
        finally:
            self._limiter.release()


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
