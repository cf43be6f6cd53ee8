"""Several workers, and what happens to them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import httpx
import pytest

from tests.backend.api.conftest import Library
from tests.backend.api.test_process import environment, listens
from tests.processes import free_port, running
from tests.waiting import SECONDS, wait_until

CONNECTIONS = 20


@dataclass(frozen=True)
class Two:
    """Two workers."""

    process: Popen[bytes]
    port: int
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def workers(self) -> list[int]:
        """The processes, in the order they were started; what keeps account of shared memory is none."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(one) for one in children if b"spawn_main" in command_of(one)]

    @property
    def started(self) -> int:
        return self.log.count("Application startup complete")

    def answers(self) -> bool:
        """Whether each of many connections is answered, whomever it is dealt to."""
        url = f"http://127.0.0.1:{self.port}/livez"
        with suppress(httpx.TransportError):
            answers = (httpx.get(url, timeout=SECONDS, trust_env=False) for _ in range(CONNECTIONS))
            return all(answer.is_success for answer in answers)
        return False


def command_of(process: str) -> bytes:
    """What it was started with; nothing where it has ended meanwhile."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


@contextmanager
def two_workers(library: Library, folder: Path) -> Iterator[Two]:
    port, log = free_port(), folder / "log"
    settings = environment(library, port) | {"MENAGERIE_WORKERS": "2"}
    with running(["backend.api"], settings, f"http://127.0.0.1:{port}/readyz", log) as process:
        two = Two(process, port, log)
        wait_until(lambda: two.started == 2)
        yield two


def test_a_worker_that_cannot_be_replaced_now_leaves_the_others_serving(
    small_library: Library, tmp_path: Path
) -> None:
    database = Path(str(small_library.engine.url.database))
    away = database.with_name("away.db")
    with two_workers(small_library, tmp_path) as two:
        database.rename(away)
        os.kill(two.workers[-1], signal.SIGKILL)
        wait_until(lambda: two.log.count("cannot serve: there is no database") >= 2)
        assert two.process.poll() is None
        wait_until(two.answers)  # by the other one alone: nobody is dealt to who is not there
        away.rename(database)
        wait_until(lambda: two.started == 3)
        assert two.answers()
        two.process.send_signal(signal.SIGTERM)
        two.process.wait(60)


def test_where_no_worker_can_serve_the_whole_ends_and_says_so(small_library: Library, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    nowhere = {"MENAGERIE_WORKERS": "2", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "nowhere")}
    ended = pytest.raises(Exception, match="did not start")
    with ended, running(["backend.api"], environment(small_library, port) | nowhere, "http://x.invalid", log):
        pass
    assert "there is no such folder" in log.read_text()


def test_signals_of_a_terminal_take_no_worker_away(small_library: Library, tmp_path: Path) -> None:
    with two_workers(small_library, tmp_path) as two:
        before = two.workers
        for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTTOU):
            two.process.send_signal(number)
        two.process.send_signal(signal.SIGHUP)  # which replaces them
        wait_until(lambda: two.started == 4)
        wait_until(lambda: len(two.workers) == 2 and not set(two.workers) & set(before))
        assert two.answers()


def test_workers_end_with_who_started_them(small_library: Library, tmp_path: Path) -> None:
    with two_workers(small_library, tmp_path) as two:
        workers = two.workers
        try:
            two.process.kill()
            wait_until(lambda: two.log.count("Application shutdown complete") == 2)
            wait_until(lambda: not listens(two.port))
        finally:
            for worker in workers:
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
