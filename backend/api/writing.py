"""What people say and decide, written while they wait for it, off the event loop."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Engine
from sqlalchemy.orm import Session

Written = TypeVar("Written")
# Threads of their own: while something large is written elsewhere each of these waits for ten seconds, and
# reading is not to wait behind them.
WRITES = CapacityLimiter(4)


async def write(writer: Engine, work: Callable[[Session], Written]) -> Written:
    """What `work` comes to in one transaction, which holds all of it or nothing.

    Raises:
        OperationalError: the database fails, or is busy for longer than its timeout.
    """
    return await to_thread.run_sync(_write, writer, work, limiter=WRITES)


def _write(writer: Engine, work: Callable[[Session], Written]) -> Written:
    with Session(writer) as session, session.begin():
        return work(session)
