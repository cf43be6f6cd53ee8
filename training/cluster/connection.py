"""The way to a cluster: one that runs already, or one of this machine alone while a command lasts."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from backend.inference.cpu import available_cpus
from training.errors import ClusterUnavailable

LOCAL, FOUND = "local", "auto"
PATIENCE = 5.0  # seconds until an address that does not answer is given up


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Connects this process to the cluster at `address`, HOST:PORT, until the block ends.

    By default that is what RAY_ADDRESS names, or else one that is started here, with a worker a core.

    Raises:
        ClusterUnavailable: Ray is not installed, or nothing answers there; the message says what to do.
    """
    where = address or os.environ.get("RAY_ADDRESS") or LOCAL
    # Ray reads it when it is imported. Nobody is told of what is done here.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError:
        raise ClusterUnavailable(
            "--engine ray needs Ray, which is not installed here: uv pip install -e '.[cluster]', or what "
            "requirements/cluster.txt locks"
        ) from None
    _check(where)
    _hush()
    alone = {"num_cpus": available_cpus(), "include_dashboard": False} if where == LOCAL else {}
    try:
        ray.init(address=where, logging_level=logging.ERROR, log_to_driver=False, **alone)
    except Exception as error:  # Ray's own share no root
        raise _unavailable(where, next(iter(str(error).splitlines()), type(error).__name__)) from error
    try:
        yield
    finally:
        ray.shutdown()


def _hush() -> None:
    """What Ray Data says of its plans goes to its own files alone."""
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL)


def _check(where: str) -> None:
    """Ray itself asks an address that does not answer for minutes."""
    if where in (LOCAL, FOUND):
        return
    host, _, port = where.rpartition(":")
    if "://" in where or not host or not port.isdecimal():
        raise ClusterUnavailable(f"{where!r} is no address of a cluster: name its first machine as HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _unavailable(where, str(error)) from error


def _unavailable(where: str, reason: str) -> ClusterUnavailable:
    if where == LOCAL:
        return ClusterUnavailable(f"Ray does not start on this machine: {reason}")
    return ClusterUnavailable(
        f"no Ray cluster can be reached at {where}: {reason}; start one there with ray start --head, and "
        f"join this machine to it with ray start --address {where}"
    )
