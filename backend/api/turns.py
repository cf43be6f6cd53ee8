"""Pictures are worked on as many at once as there are cores; the others wait their turn, but not too many,
and not too long."""

from asyncio import FIRST_COMPLETED, Future, create_task, get_running_loop, shield, wait
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.errors import ApiError, ClientGone, problem_of
from backend.api.metrics import Metrics
from backend.api.priority import step_back

Answer = TypeVar("Answer")
RETRY_AFTER_SECONDS = 1


class Turns:
    """`at_once` pictures are in work; of the others, `most_waiting` wait for `seconds` at most, and the rest
    are refused. All but the work itself happens in the event loop's thread."""

    def __init__(self, at_once: int, most_waiting: int, seconds: float, metrics: Metrics) -> None:
        self.at_once = at_once
        self._free = at_once
        self._queue: deque[Future[None]] = deque()
        self._threads = ThreadPoolExecutor(at_once, "turn", step_back)
        self._most_waiting = most_waiting
        self._seconds = seconds
        self._metrics = metrics

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def refusal(self) -> ApiError | None:
        """What to tell who comes now, if as many wait as may, and none is free."""
        if self._free or self.waiting < self._most_waiting:
            return None
        return overloaded(f"{self.waiting} pictures are waiting already")

    async def run(self, request: Request, work: Callable[..., Answer], *arguments: object) -> Answer:
        """What `work` comes to, in a thread, when its turn has come.

        Raises:
            ApiError: `overloaded`: too many are waiting, or this one waited too long.
            ClientGone: the client went away while it waited.
        """
        if refusal := self.refusal():
            raise refusal
        return await self._run(request, self._seconds, work, *arguments)

    async def run_accepted(self, request: Request, work: Callable[..., Answer], *arguments: object) -> Answer:
        """As `run`, for one of several that were accepted together: it waits, however many others do, and
        however long. Whether the client is still there is asked first: it sent all of them a while ago."""
        if await request.is_disconnected():
            raise ClientGone
        return await self._run(request, None, work, *arguments)

    async def _run(
        self, request: Request, seconds: float | None, work: Callable[..., Answer], *arguments: object
    ) -> Answer:
        with self._metrics.stage("queue"):
            await self._wait(request, seconds)
        try:
            context = copy_context()
            working = get_running_loop().run_in_executor(self._threads, context.run, work, *arguments)
        except BaseException:
            self._pass_on()
            raise
        # When the work ends, which may be later than that somebody waits for it.
        working.add_done_callback(lambda _: self._pass_on())
        try:
            return await shield(working)
        finally:
            del working  # it holds what was raised, and that this frame: with all that the work had in hand

    async def _wait(self, request: Request, seconds: float | None) -> None:
        if self._free:
            self._free -= 1
            return
        turn: Future[None] = get_running_loop().create_future()
        self._queue.append(turn)
        gone = create_task(_disconnect(request))
        try:
            await wait((turn, gone), timeout=seconds, return_when=FIRST_COMPLETED)
            if gone.done():
                gone.result()
                raise ClientGone
            if not turn.done():
                raise overloaded(f"no turn came in {seconds:g} seconds")
        except BaseException:
            self._leave(turn)
            raise
        finally:
            gone.cancel()

    def _leave(self, turn: Future[None]) -> None:
        if turn.done():
            self._pass_on()
        else:
            self._queue.remove(turn)

    def _pass_on(self) -> None:
        """To who has waited longest."""
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self._free += 1


async def _disconnect(request: Request) -> None:
    """Returns when the client has gone.

    Raises:
        ApiError: what nobody has read of the body is more than may come.
    """
    while (await request.receive())["type"] != "http.disconnect":
        pass


class RefuseWhenFull:
    """Refuses a picture before its bytes are read, where it would have no turn. `paths`: where pictures are
    sent to. What else is asked needs no turn, or asks for one when it has read what was sent."""

    def __init__(self, app: ASGIApp, turns: Turns, paths: Collection[str]) -> None:
        self._app = app
        self._turns = turns
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._turns.refusal() if self._sends_a_picture(scope) else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_of(refusal)(scope, receive, send)

    def _sends_a_picture(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._paths


def overloaded(reason: str) -> ApiError:
    """Come again in a moment."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", f"{reason}: try again in a moment", headers)
