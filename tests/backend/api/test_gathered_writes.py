import asyncio
from collections.abc import Callable
from typing import Any, cast

from backend.api.gathered_writes import GatheredWrites


class Wire:
    """What a transport is told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []

    def writelines(self, parts: list[bytes]) -> None:
        self.told.append(b"".join(parts))

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
