"""How long a client may take to say what it wants, and how much it may say besides.

uvicorn itself waits for ever, and takes any number of headers, before the body and behind it.
"""

import asyncio
import socket
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.api.errors import problem
from backend.api.gathered_writes import GatheredWrites

HEAD_SECONDS = 10.0
# A balancer that took a connection up again just as the server ends has its request answered, not reset.
LEAVING_SECONDS = 0.5
LINGER_SECONDS = 5.0  # who is refused before the body has come may go on sending so long, to hear of it
UNREAD_SECONDS = 60.0  # who takes nothing of an answer for so long is not going to: it lies in memory
IDLE_BYTES = 64 * 1024  # in a row that are neither body nor the end of a head


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, where a request's head must come within ten seconds and 64 KiB, a connection
    that has been answered ends unless it asks again, and one whose client does not read ends too."""

    _deadline: asyncio.TimerHandle | None = None
    _idle_bytes = 0
    _is_in_head = True
    _got_on = False
    _is_leaving = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, GatheredWrites(transport, self.loop)))
        self._expect(HEAD_SECONDS)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * UNREAD_SECONDS)
            )

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._got_on = False
        super().data_received(data)
        self._idle_bytes = 0 if self._got_on else self._idle_bytes + len(data)
        if self._idle_bytes > IDLE_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head_too_large",
                f"at most {IDLE_BYTES // 1024} KiB are read before a body and behind it",
            )
        elif self._is_answered and self._deadline is None:
            self._await_end()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        if self._deadline is None:  # not the first of its connection
            self._expect(HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:  # nobody asks for what comes behind a body
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._got_on, self._is_in_head = True, False
        self._forget()
        super().on_headers_complete()
        if self._is_leaving and self.cycle is not None:  # said before anything is answered: Connection: close
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        super().on_body(body)

    def shutdown(self) -> None:
        """The server ends. uvicorn would close at once what is not in work, and with it reset the request
        that is on its way: it is answered still, and told that it was the last."""
        if self._is_answered and not self.transport.is_closing():
            self._is_leaving = True
            self.loop.call_later(LEAVING_SECONDS, self._leave)
        else:
            super().shutdown()

    def _leave(self) -> None:
        if self._is_answered:  # or it ends with the answer
            self.transport.close()

    @property
    def _is_answered(self) -> bool:
        """Whether nothing is in work."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def _is_heard(self) -> bool:
        """Whether what is said now is taken for the answer to what comes now."""
        if self.cycle is None or not self.cycle.more_body:
            return self._is_answered
        return not self.cycle.response_started and not self.pipeline

    def _await_end(self) -> None:
        """Who has been answered and sends something that is no request has put uvicorn's own timer off."""
        if self.cycle is not None and self.cycle.more_body:
            self._expect(LINGER_SECONDS)
        elif self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _expect(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._lose_patience)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _lose_patience(self) -> None:
        if self._is_answered:
            told = f"the head of the request did not come within {HEAD_SECONDS:g} seconds"
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "too_slow", told)
        else:  # that of the request before comes first
            self._expect(HEAD_SECONDS)

    def _refuse(self, status: HTTPStatus, code: str, detail: str) -> None:
        self._forget()
        if self.transport.is_closing():
            return
        # Browsers open connections in advance: who has said nothing is told nothing. Nor is who is answered
        # already, or who would take it for another answer.
        if self._idle_bytes and self._is_in_head and self._is_answered:
            self._tell(status, code, detail)
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        del msg
        self._forget()
        if not self.transport.is_closing() and self._is_heard:
            self._tell(HTTPStatus.BAD_REQUEST, "bad_request", "this is no request in HTTP/1.1")
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: WebSockets are not offered, and whoever asks for one is answered as if they had not."""

    def _tell(self, status: HTTPStatus, code: str, detail: str) -> None:
        """Says so where no app can, for there is no request yet."""
        answer = problem(status, code, detail, {"Connection": "close"})
        lines = [f"HTTP/1.1 {int(status)} {status.phrase}".encode("ascii")]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join((*lines, b"", bytes(answer.body))))
