"""Several workers, which share a port: each is started, and another one in the place of each that dies."""

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time

from uvicorn.config import Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from backend.api import worker_metrics
from backend.listening import bind

log = logging.getLogger(__name__)

START_SECONDS = 60  # in which a worker must have come so far as to answer that it lives
RETRY_SECONDS = 5.0
LOOK_SECONDS = 0.1


class Supervisor(Multiprocess):
    """Each worker listens for itself: of several that share one socket, whichever wakes first takes all
    connections that came at once, and may be left alone with them.

    `failed`: whether it ended because no worker could serve.
    """

    def __init__(self, config: Config) -> None:
        self.failed = False
        self._listeners = [_listen(config) for _ in range(config.workers)]
        super().__init__(config, [])

    def init_processes(self) -> None:
        self.processes = [self._start(place) for place in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set() or self.signal_queue:
                return
            if not worker.is_alive(START_SECONDS):
                worker.kill()  # it may hang
                self._bury(worker)
                self._replace(place, worker)

    def restart_all(self) -> None:
        """Replaces one worker after the other, each when the next in its place answers."""
        for place, worker in enumerate(self.processes):
            following = self._start(place)
            if not following.wait_until_ready(START_SECONDS, self.should_exit):
                following.kill()
                self._bury(following)
                log.error("worker %s goes on: the one after it did not start", worker.pid)
                return
            worker.terminate()
            self._bury(worker)
            self.processes[place] = following

    def handle_ttin(self) -> None:
        """Nothing: cores and rates are dealt out among as many workers as the settings say."""

    handle_ttou = handle_ttin

    def terminate_all(self) -> None:
        """Ends the workers. What is held here for the next one would go on taking connections that nobody
        answers, as long as they have something in work."""
        for place in range(len(self._listeners)):
            self._deafen(place)
        super().terminate_all()

    def _start(self, place: int) -> Process:
        worker = Process(self.config, self._listeners[place])
        worker.start()
        worker.child_conn.close()  # held here too, a worker that dies would be waited for until START_SECONDS
        return worker

    def _replace(self, place: int, worker: Process) -> None:
        """Starts another one. Where that one could not even start, it is given time: what keeps it from that
        may pass, such as a database that is away, and the others serve on."""
        if (worker.exitcode or 0) > 0:  # it ended by itself: who is killed leaves a negative one
            if not any(other.is_ready(START_SECONDS) for other in self.processes if other is not worker):
                self.failed = True
                self.should_exit.set()
                return
            # What listens, though nobody does behind it, is dealt its share of connections.
            self._deafen(place)
            self._listeners[place] = _listen(self.config)
            self._pause()
        log.warning("worker %s died: another takes its place", worker.pid)
        self.processes[place] = self._start(place)

    def _bury(self, worker: Process) -> None:
        worker.join()
        if worker.pid is not None:
            worker_metrics.forget_worker(worker.pid)

    def _deafen(self, place: int) -> None:
        for listener in self._listeners[place]:
            listener.close()

    def _pause(self) -> None:
        """Waits, unless a signal comes."""
        until = time.monotonic() + RETRY_SECONDS
        while time.monotonic() < until and not self.signal_queue:
            time.sleep(LOOK_SECONDS)


def _listen(config: Config) -> list[socket.socket]:
    return bind(config.host, config.port, shared=True)


def end_with_supervisor() -> None:
    """For a worker: ends it in good order when whoever started it is gone. It would keep the port, and nobody
    would take its place."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return

    def wait() -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="supervised", daemon=True).start()
