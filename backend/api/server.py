"""The server: one process, or several that share its port."""

import gc
import logging
import multiprocessing
import os
import socket
import sys
from concurrent.futures import ProcessPoolExecutor

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors.multiprocess import Multiprocess

from backend.api import logs, worker_metrics
from backend.api.app import create_app
from backend.api.patience import PatientProtocol
from backend.api.service import open_service
from backend.api.settings import Settings
from backend.api.tracing import open_tracing
from backend.inference.errors import InferenceError
from databases.errors import DatabaseError
from databases.settings import SettingsError, load_settings

log = logging.getLogger(__name__)

# Longer than load balancers keep a connection that is idle (60 s is the most usual): it is theirs to end.
KEEP_ALIVE_SECONDS = 75
START_SECONDS = 60  # in which a worker must have come so far as to answer that it lives
STARTUP_FAILURE = 3  # what uvicorn takes as: the next one would fail alike


def serve(settings: Settings) -> None:
    """Serves until it is told to end; what is in work then is answered first.

    Raises:
        DatabaseError, InferenceError, SettingsError: as `create_app` does.
    """
    logs.configure(settings.log_format, settings.log_level)
    if settings.workers == 1:
        uvicorn.Server(_config(_lasting_app(settings), settings)).run()
        return
    _check(settings)
    config = _config(f"{__name__}:worker", settings)
    with worker_metrics.shared():
        Supervisor(config, [_bind(settings) for _ in range(settings.workers)]).run()


class Supervisor(Multiprocess):
    """Starts the workers, and another one for each that dies.

    Each listens for itself: of several that share one socket, whichever wakes first takes all connections
    that came at once, and may be left alone with them.
    """

    _listeners: list[socket.socket]
    _known: frozenset[int] = frozenset()

    @property
    def sockets(self) -> list[socket.socket]:
        """Of the worker that is started next: who died, or was not started yet."""
        place = next(
            (place for place, worker in enumerate(self.processes) if not worker.process.is_alive()),
            len(self.processes),
        )
        return self._listeners[place : place + 1] or self._listeners

    @sockets.setter
    def sockets(self, sockets: list[socket.socket]) -> None:
        self._listeners = sockets

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        living = frozenset(process.pid for process in self.processes if process.pid is not None)
        for pid in self._known - living:
            worker_metrics.forget_worker(pid)
        self._known = living

    def terminate_all(self) -> None:
        """Ends the workers. What is held here for the next one would go on taking connections that nobody
        answers, as long as they have something in work."""
        for listener in self._listeners:
            listener.close()
        super().terminate_all()


def _bind(settings: Settings) -> socket.socket:
    """One of several at the same address: the kernel deals new connections out among them."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(address)
    listener.set_inheritable(True)
    return listener


def worker() -> FastAPI:
    """The app of one process of several, which have the environment alone in common."""
    settings = load_settings(Settings)
    logs.configure(settings.log_format, settings.log_level)
    try:
        return _lasting_app(settings)
    except (DatabaseError, InferenceError, SettingsError) as error:
        log.error("worker %d cannot serve: %s", os.getpid(), error)
        sys.exit(STARTUP_FAILURE)


def _lasting_app(settings: Settings) -> FastAPI:
    """The app of a process that does nothing else. What is there now stays: to look through it for garbage
    again and again would stop every answer for 70 ms."""
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    return app


def _config(app: FastAPI | str, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,  # requests are logged by the app itself, which knows more of them
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
        timeout_worker_healthcheck=START_SECONDS,
    )


def _check(settings: Settings) -> None:
    """Raises what would keep every worker from serving: said once. In a process of its own, whose memory is
    given back."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_try, settings).result()


def _try(settings: Settings) -> None:
    open_tracing()
    open_service(settings).close()
