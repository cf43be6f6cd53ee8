"""An answer's head and its body leave together.

uvicorn writes them one right after the other, and uvloop sends what is written first at once: two system
calls and two packets, which wake the client twice.
"""

import asyncio
from typing import Any


class GatheredWrites:
    """A transport that sends what is written in one turn of the event loop in one go; in all else as
    `transport`. Whoever uses it writes by `write` alone: `writelines` and `write_eof` would overtake what
    waits.

    What is sent is joined: asyncio's own `writelines` spins on empty parts, as of a 304, and does not tell
    its protocol to pause (Python 3.12 and 3.13).
    """

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
            self._transport.write(b"".join(waiting))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
