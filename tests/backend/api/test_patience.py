"""Clients that say more, or less, than a request."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from backend.api import patience
from backend.api.patience import IDLE_BYTES, PatientProtocol
from tests.waiting import SECONDS, wait_until

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"

LARGE = 32 * 2**20
UNREAD = 1.0  # seconds


class Server:
    """A real one. `/refused` is answered before its body is read; `/slow` when `go` is set; `/large` with
    more than any socket holds. `keep_alive`: seconds for which a connection is kept that asks no more."""

    def __init__(self, keep_alive: int = 60) -> None:
        config = uvicorn.Config(
            self,
            port=0,
            http=PatientProtocol,
            ws="none",
            log_config=None,
            lifespan="off",
            timeout_keep_alive=keep_alive,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self.go = threading.Event()
        self.begun = 0

    def __enter__(self) -> "Server":
        self._thread.start()
        wait_until(lambda: self._server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self.go.set()
        self._server.should_exit = True
        self._thread.join()

    def end(self) -> None:
        """Tells it to end, and returns when it takes no more connections."""
        self._server.should_exit = True
        wait_until(lambda: not self._server.servers[0].is_serving())

    @property
    def connections(self) -> int:
        return len(self._server.server_state.connections)

    def connect(self) -> socket.socket:
        address = self._server.servers[0].sockets[0].getsockname()
        return socket.create_connection(address, timeout=60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        if scope["path"] == "/slow":
            await asyncio.to_thread(self.go.wait, 60)
        elif scope["path"] != "/refused":
            while (await receive()).get("more_body"):
                pass
        told = "x" * LARGE if scope["path"] == "/large" else scope["path"]
        await PlainTextResponse(told)(scope, receive, send)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(patience, "LINGER_SECONDS", 0.3)
    with Server() as server:
        yield server


def read_all(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    told = b""
    try:
        while part := connection.recv(65536):
            told += part
    except ConnectionResetError:
        pass
    return told


def test_what_is_no_request_is_refused_with_a_code(server: Server) -> None:
    body = b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    for rubbish in (b"GARBAGE\r\n\r\n", ASK.replace(b"host", b"h\0st"), body + b"zz\r\n"):
        with server.connect() as connection:
            connection.sendall(rubbish)
            head, _, told = read_all(connection).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert b"content-type: application/problem+json" in head
            assert json.loads(told)["code"] == "bad_request"


def test_rubbish_is_not_taken_for_an_answer_to_what_came_before(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        wait_until(lambda: server.begun == 1)
        connection.sendall(b"GARBAGE\r\n\r\n")
        assert read_all(connection) == b""


def test_who_asks_for_a_websocket_is_answered_without(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with server.connect() as connection:
        connection.sendall(ASK[:-2] + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n")
        assert b"200 OK" in connection.recv(65536)
    assert "WebSocket" not in caplog.text


def test_an_answered_client_that_sends_empty_lines_is_not_kept() -> None:
    with Server(keep_alive=1) as server, server.connect() as connection:
        connection.sendall(ASK)
        assert b"200 OK" in connection.recv(65536)
        connection.sendall(b"\r\n")
        assert read_all(connection) == b""


def test_who_is_refused_early_may_not_go_on_sending_for_ever(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
        assert b"200 OK" in connection.recv(65536)
        connection.sendall(b"x")
        assert read_all(connection) == b""


def test_who_is_refused_early_is_heard_again_once_the_body_has_come(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n")
        assert b"200 OK" in connection.recv(65536)
        connection.sendall(b"abc" + ASK)
        assert b"200 OK" in connection.recv(65536)


def test_the_head_of_a_next_request_waits_for_the_answer_to_the_one_before(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        wait_until(lambda: server.begun == 1)
        monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
        connection.sendall(b"GET / HT")
        connection.settimeout(1)  # three times as long as a head may take
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(60)
        server.go.set()
        told = read_all(connection)
        assert told.startswith(b"HTTP/1.1 200 OK")
        assert b"/slow" in told


def test_nobody_collects_what_comes_behind_a_body(server: Server) -> None:
    head = b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"
    trailer = b"x-more: " + b"y" * (IDLE_BYTES // 10) + b"\r\n"
    with server.connect() as connection:
        connection.sendall(head + trailer + b"\r\n")
        assert b"200 OK" in connection.recv(65536)
    with server.connect() as connection:
        connection.sendall(head)
        try:
            for _ in range(2000):
                connection.sendall(trailer)
        except ConnectionError:
            pass
        else:
            pytest.fail("13 MB of trailers were read")


def test_a_large_body_and_the_next_head_may_come_together(server: Server) -> None:
    with server.connect() as connection:
        body = bytes(3 * IDLE_BYTES)
        head = f"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body + ASK[:9])
        connection.sendall(ASK[9:])
        told = b""
        while told.count(b"200 OK") < 2:
            part = connection.recv(65536)
            assert part, told  # or else it was closed without an answer
            told += part
        assert b"431" not in told


def test_what_is_on_its_way_as_the_server_ends_is_answered_and_told_to_be_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "LEAVING_SECONDS", SECONDS)
    with Server() as server, server.connect() as kept, server.connect() as slow:
        kept.sendall(ASK)
        assert b"200 OK" in kept.recv(4096)
        slow.sendall(ASK.replace(b"/", b"/slow", 1))
        wait_until(lambda: server.begun == 2)
        server.end()
        kept.sendall(ASK)  # uvicorn would have reset it
        last = read_all(kept)
        assert last.startswith(b"HTTP/1.1 200 OK")
        assert b"connection: close" in last
        server.go.set()
        assert b"connection: close" in read_all(slow)


def test_who_asks_for_nothing_as_the_server_ends_is_not_waited_for() -> None:
    with Server() as server, server.connect() as idle:
        wait_until(lambda: server.connections == 1)
        server.end()
        assert read_all(idle) == b""


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone ends such a connection")
def test_an_answer_that_nobody_reads_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "UNREAD_SECONDS", UNREAD)
    with Server() as server, server.connect() as unread:
        unread.sendall(ASK.replace(b"/", b"/large", 1))
        wait_until(lambda: server.begun == 1)
        wait_until(lambda: server.connections == 0)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone ends such a connection")
def test_who_reads_slowly_is_sent_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "UNREAD_SECONDS", UNREAD)
    came, pause = 0, UNREAD
    with Server() as server:
        # Anew where we were held up ourselves: who takes nothing for so long is rightly given up.
        while came < LARGE and pause > UNREAD / 2:
            with server.connect() as slow:
                slow.sendall(ASK.replace(b"/", b"/large", 1))
                came, pause = read_slowly(slow)
    assert came >= LARGE


def read_slowly(connection: socket.socket) -> tuple[int, float]:
    """How many bytes of a large answer came, and the longest pause, in seconds, in which none was taken."""
    came, longest, before = 0, 0.0, time.monotonic()
    with suppress(ConnectionResetError):
        while came < LARGE:
            time.sleep(0.05)
            now = time.monotonic()
            longest, before = max(longest, now - before), now
            part = connection.recv(2**20)
            if not part:
                break
            came += len(part)
    return came, longest
