"""Real processes for tests, on free local ports, ended whatever happens."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import cycle
from pathlib import Path
from random import SystemRandom

from training.cli.processes import started, wait_until_up

# Below those that the system lends to connections: none of these comes to lie on one that was found free.
PORTS = range(10_000, 32_000)


@cache
def _turn() -> Iterator[int]:
    # Workers of pytest-xdist run beside one another: none may find free what another is about to listen at.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    return cycle(SystemRandom().sample(own, len(own)))


def free_port() -> int:
    """Another one at each call: who asked may take a while to listen at it."""
    for port in _turn():
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


@contextmanager
def running(
    command: list[str], settings: Mapping[str, str], health: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m COMMAND` until the block ends; it begins when `health` answers with success."""
    with log.open("wb") as output, started([sys.executable, "-m", *command], settings, output) as process:
        wait_until_up(" ".join(command), process, health)
        yield process


@contextmanager
def talking(command: list[str], settings: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process whose output and errors are both read from its `stdout`; asked to end with the block."""
    process = subprocess.Popen(
        command, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()
