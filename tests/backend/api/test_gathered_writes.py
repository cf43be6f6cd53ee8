import asyncio
from collections.abc import Callable
from typing import Any, cast

from backend.api.gathered_writes import GatheredWrites


class Wire:
    """What a transport is told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def is_closing(self) -> bool:
        return bool({"closed", "aborted"} & set(self.told))

    def close(self) -> None:
        self.told.append("closed")

    def abort(self) -> None:
        self.told.append("aborted")


def told_of(*turns: Callable[[Any], None]) -> list[bytes | str]:
    """What comes of what is done in turns of the loop."""

    async def take() -> list[bytes | str]:
        wire = Wire()
        writes = GatheredWrites(cast(asyncio.Transport, wire), asyncio.get_running_loop())
        for turn in turns:
            turn(writes)
            await asyncio.sleep(0)
        return wire.told

    return asyncio.run(take())


def both(writes: GatheredWrites) -> None:
    writes.write(b"head ")
    writes.write(b"body")


def alone(writes: GatheredWrites) -> None:
    writes.write(b"head")


def test_head_and_body_are_sent_in_one() -> None:
    assert told_of(both) == [b"head body"]
    assert told_of(both, both) == [b"head body", b"head body"]


def test_what_is_written_alone_is_sent_before_the_next_turn() -> None:
    assert told_of(alone, alone) == [b"head", b"head"]


def test_a_third_write_waits_for_nobody() -> None:
    def three(writes: GatheredWrites) -> None:
        both(writes)
        writes.write(b" and more")

    assert told_of(three) == [b"head body", b" and more"]


def test_what_was_written_is_sent_before_the_end() -> None:
    def end(writes: GatheredWrites) -> None:
        writes.write(b"head")
        writes.close()

    assert told_of(end) == [b"head", "closed"]


def test_nothing_is_sent_after_an_end() -> None:
    def abort(writes: GatheredWrites) -> None:
        writes.write(b"head")
        writes.abort()

    assert told_of(abort) == ["aborted"]


class Answering(asyncio.Protocol):
    """Writes an answer without a body, as uvicorn does, and then as much as it is let."""

    def __init__(self, ended: asyncio.Future[int]) -> None:
        self._ended = ended
        self._pairs = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire = cast(asyncio.Transport, transport)
        self._writes = GatheredWrites(wire, asyncio.get_running_loop())
        self._writes.write(b"head")
        self._writes.write(b"")
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if not self._ended.done():
            self._pairs += 1
            both(self._writes)
            self._writes.write(bytes(2**16))
            asyncio.get_running_loop().call_soon(self._go_on)

    def pause_writing(self) -> None:
        self._ended.set_result(self._pairs)


def test_who_does_not_read_pauses_what_is_written_after_an_empty_body_too() -> None:
    async def connect() -> tuple[bytes, int]:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[int] = loop.create_future()
        server = await loop.create_server(lambda: Answering(ended), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        pairs = await asyncio.wait_for(ended, 30)
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        said = await reader.readexactly(4)
        writer.close()
        server.close()
        return said, pairs

    said, pairs = asyncio.run(connect())
    assert said == b"head"
    assert pairs < 1000
