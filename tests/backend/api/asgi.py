"""Requests as a server hands them over, for what no client of good manners does."""

from collections.abc import Awaitable, Callable
from typing import Any

from anyio import Event, fail_after
from fastapi.testclient import TestClient

SECONDS = 60
Message = dict[str, Any]


class RudeClient:
    """Sends the `parts` of a picture and no more; stays until it leaves."""

    def __init__(
        self, *parts: bytes, path: str = "/predict", query: str = "", kind: str = "image/jpeg"
    ) -> None:
        self._parts = list(parts)
        self._path, self._query, self._kind = path, query, kind
        self._gone = Event()
        self.status: int | None = None
        self.headers: dict[bytes, bytes] = {}

    async def ask(self, app: Callable[..., Awaitable[None]]) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": self._path,
            "raw_path": self._path.encode(),
            "root_path": "",
            "query_string": self._query.encode(),
            "scheme": "http",
            "headers": [(b"content-type", self._kind.encode())],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
        }
        with fail_after(SECONDS):
            await app(scope, self._receive, self._send)

    def leave(self, client: TestClient) -> None:
        assert client.portal is not None
        client.portal.call(self._gone.set)

    async def _receive(self) -> Message:
        if self._parts:
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": part != b""}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])


def ask_rudely(client: TestClient, rude: RudeClient) -> int | None:
    """The status of what the client of a running app is answered."""
    assert client.portal is not None
    client.portal.call(rude.ask, client.app)
    return rude.status
