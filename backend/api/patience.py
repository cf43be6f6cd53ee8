"""How long a client may take to say what it wants, and how much it may say besides.

uvicorn itself waits for ever, and takes any number of headers, before the body and behind it.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
LINGER_SECONDS = 5.0  # who is refused before the body has come may go on sending so long, to hear of it
IDLE_BYTES = 64 * 1024  # in a row that are neither body nor the end of a head


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, where a request's head must come within ten seconds and 64 KiB, and a connection
    that has been answered ends unless it asks again."""

    _deadline: asyncio.TimerHandle | None = None
    _idle_bytes = 0
    _is_in_head = True
    _got_on = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._got_on = False
        super().data_received(data)
        self._idle_bytes = 0 if self._got_on else self._idle_bytes + len(data)
        if self._idle_bytes > IDLE_BYTES:
            self._refuse("431 Request Header Fields Too Large")
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

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        super().on_body(body)

    @property
    def _is_answered(self) -> bool:
        """Whether nothing is in work."""
        return self.cycle is None or self.cycle.response_complete

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
            self._refuse("408 Request Timeout")
        else:  # that of the request before comes first
            self._expect(HEAD_SECONDS)

    def _refuse(self, status: str) -> None:
        self._forget()
        if self.transport.is_closing():
            return
        # Browsers open connections in advance: who has said nothing is told nothing. Nor is who is answered
        # already, or who would take it for another answer.
        if self._idle_bytes and self._is_in_head and self._is_answered:
            head = f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode("ascii"))
        self.transport.close()
