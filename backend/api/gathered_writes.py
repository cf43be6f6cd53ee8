"""An answer's head and its body leave together.

uvicorn writes them one right after the other, and uvloop sends what is written first at once: two system
calls and two packets, which wake the client twice.
"""

import asyncio
from typing import Any


class GatheredWrites:
    """A transport that sends what is written in one turn of the event loop in one go; in all else as
    `transport`."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """As of a transport; the second of a turn sends both."""
        self._waiting.append(data)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._send)
        else:
            self._send()

    def close(self) -> None:
        """As of a transport: what was written is sent before."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting and not self._transport.is_closing():
            self._transport.writelines(waiting)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
