"""Every request has an id, is timed, counted and logged in one line: never with its query or its picture."""

import logging
import re
import time
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api import notes
from backend.api.errors import bug
from backend.api.fresh_ids import fresh_id
from backend.api.metrics import Metrics
from backend.api.notes import Notes
from backend.api.require_key import key_of
from backend.api.route_templates import RouteTemplates
from backend.api.tracing import Answered, Tracing

log = logging.getLogger(__name__)

ID_HEADER = "X-Request-Id"
ID_KEY = ID_HEADER.lower().encode()
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# What a browser is told with every answer.
SAFETY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


class Access:
    """The outermost: what was refused further in is logged too. `routes`: of the app, whole when it first
    answers."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, routes: Sequence[BaseRoute], tracing: Tracing | None
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing
        self._templates = RouteTemplates(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, begun_to_answer = time.perf_counter(), 500, False
        asked = Headers(scope=scope).get(ID_HEADER, "")
        request_id = asked if ID.fullmatch(asked) else fresh_id()
        noted = Notes()
        notes.current.set(noted)

        async def named(message: Message) -> None:
            nonlocal status, begun_to_answer
            if message["type"] == "http.response.start":
                status, begun_to_answer = message["status"], True
                message["headers"] = [*message.get("headers", ()), *SAFETY, (ID_KEY, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, named)
        except Exception:
            log.exception("a bug", extra={"facts": {"request_id": request_id}})
            if begun_to_answer:
                raise
            await bug()(scope, receive, named)
        finally:
            route, ended = self._templates.find(scope), time.perf_counter()
            seconds = ended - begun
            self._metrics.request(route, status, seconds)
            facts = {"request_id": request_id, "method": scope["method"], "route": route, "status": status}
            facts |= {"ms": round(1000 * seconds, 2)} | noted.facts
            line = "%(method)s %(route)s %(status)s, %(ms)s ms, %(request_id)s"
            if key := key_of(scope):
                facts["key"], line = key.name, f"{line}, key %(key)s"
            log.info(line, facts, extra={"facts": facts})
            if self._tracing is not None:
                answered = Answered(scope["method"], route, status, request_id, begun, ended, noted)
                self._tracing.tell(answered, Headers(scope=scope))
