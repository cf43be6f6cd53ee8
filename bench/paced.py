"""An open loop: pictures are posted at even spaces of time, whatever comes back.

python -m bench.paced URL LIST RATE SECONDS CONNECTIONS

LIST names a file that names one in each line: they are sent in turn.
Writes a line for each request: its status (0: none came), and the seconds from when it was due to the end of
its answer. So one that had to wait for a connection, because all others were waiting, has waited.
"""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httptools

PATIENCE = 60.0  # seconds, for what is not answered yet at the end


class Connection(asyncio.Protocol):
    """Sends one request after the other, each due at a time of the loop's clock."""

    def __init__(self, pace: "Pace") -> None:
        self._pace = pace
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)
        self._pace.take(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        due, self._due = self._due, None
        if due is not None:
            self._pace.note(self._parser.get_status_code(), due)
        if self._parser.should_keep_alive():
            self._pace.take(self)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._pace.lose(self)
        if self._due is not None:
            self._pace.note(0, self._due)


class Pace:
    """`told`: status and seconds of what was answered. The connections are used in turn; those that the
    service ends are opened anew."""

    def __init__(self, host: str, port: int, requests: Iterator[bytes]) -> None:
        self.told: list[tuple[int, float]] = []
        self._address = host, port
        self._requests = requests
        self._loop = asyncio.get_running_loop()
        self._idle: deque[Connection] = deque()
        self._late: deque[float] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._over = False

    async def run(self, rate: float, seconds: float, connections: int) -> None:
        for _ in range(connections):
            await self._open()
        begin, total = self._loop.time(), round(rate * seconds)
        for number in range(total):
            due = begin + number / rate
            if (wait := due - self._loop.time()) > 0:
                await asyncio.sleep(wait)
            self._late.append(due)
            self._go_on()
        until = self._loop.time() + PATIENCE
        while len(self.told) < total and self._loop.time() < until:
            await asyncio.sleep(0.05)
        self._over = True
        self.told += [(0, PATIENCE)] * (total - len(self.told))

    def note(self, status: int, due: float) -> None:
        self.told.append((status, self._loop.time() - due))

    def take(self, connection: Connection) -> None:
        """Puts one that is free behind the others."""
        self._idle.append(connection)
        self._go_on()

    def lose(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._over:
            opening = self._loop.create_task(self._open())
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    def _go_on(self) -> None:
        while self._late and self._idle:
            self._idle.popleft().send(next(self._requests), self._late.popleft())

    async def _open(self) -> None:
        await self._loop.create_connection(lambda: Connection(self), *self._address)


async def main(url: str, pictures: str, rate: str, seconds: str, connections: str) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    head = f"POST {parts.path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: image/jpeg\r\n"
    bodies = [Path(path).read_bytes() for path in Path(pictures).read_text(encoding="utf-8").splitlines()]
    requests = [f"{head}content-length: {len(body)}\r\n\r\n".encode("ascii") + body for body in bodies]
    pace = Pace(host, port, itertools.cycle(requests))
    await pace.run(float(rate), float(seconds), int(connections))
    sys.stdout.writelines(f"{status} {seconds:.6f}\n" for status, seconds in pace.told)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
