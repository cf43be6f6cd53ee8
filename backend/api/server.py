"""The server: one process, or several that share its port."""

import gc
import logging
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from backend.api import logs, worker_metrics
from backend.api.app import create_app
from backend.api.patience import PatientProtocol
from backend.api.service import open_service
from backend.api.settings import Settings
from backend.api.spare_memory import SpareMemory, share_one_heap
from backend.api.supervisor import Supervisor, end_with_supervisor
from backend.api.tracing import open_tracing
from backend.inference.errors import InferenceError
from databases.errors import DatabaseError
from databases.settings import SettingsError, load_settings

log = logging.getLogger(__name__)

# Longer than load balancers keep a connection that is idle (60 s is the most usual): it is theirs to end.
KEEP_ALIVE_SECONDS = 75


def serve(settings: Settings) -> None:
    """Serves until it is told to end; what is in work then is answered first.

    Raises:
        DatabaseError, InferenceError, SettingsError: as `create_app` does.
    """
    logs.configure(settings.log_format, settings.log_level)
    share_one_heap()
    if settings.workers == 1:
        uvicorn.Server(_config(_lasting_app(settings), settings)).run()
        return
    _check(settings)
    with worker_metrics.shared():
        supervisor = Supervisor(_config(f"{__name__}:worker", settings))
        supervisor.run()
    if supervisor.failed:
        sys.exit(STARTUP_FAILURE)


def worker() -> FastAPI:
    """The app of one process of several, which have the environment alone in common."""
    end_with_supervisor()
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
    SpareMemory().start()
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
    )


def _check(settings: Settings) -> None:
    """Raises what would keep every worker from serving: said once. In a process of its own, whose memory is
    given back."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(_try, settings).result()


def _try(settings: Settings) -> None:
    open_tracing()
    open_service(settings).close()
