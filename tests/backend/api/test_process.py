import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.inference.bundle import load_bundle
from databases import registry
from databases.models import Prediction
from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.drawing import picture
from tests.processes import free_port, running
from tests.tiny_bundle import make_bundle
from tests.waiting import SECONDS, wait_until

LAST = b"\xd9"  # of a JPEG
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def environment(library: Library, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": library.settings.database_url,
        "MENAGERIE_BUNDLES": str(library.bundles),
        "MENAGERIE_PORT": str(port),
    }


def test_a_real_process_answers_and_ends_in_good_order_on_sigterm(
    small_library: Library, tmp_path: Path
) -> None:
    port = free_port()
    base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    with running(["backend.api"], environment(small_library, port), f"{base}/readyz", log) as process:
        answer = httpx.post(f"{base}/predict", files={"file": picture("red")}, timeout=SECONDS)
        assert answer.json()["label"] == "red"
        assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
    assert "Traceback" not in log.read_text()
    assert "Application shutdown complete" in log.read_text()


def test_what_is_in_work_is_answered_before_the_end(small_library: Library, tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with (
        running(["backend.api"], environment(small_library, port), f"{base}/readyz", tmp_path / "log") as it,
        begun_request(port) as begun,
    ):
        it.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(port))
        begun.sendall(LAST)
        answer = read_all(begun)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b'"label":"red"' in answer
        assert it.wait(SECONDS) == -signal.SIGTERM
    with Session(small_library.engine) as session:
        assert session.scalar(select(func.count()).select_from(Prediction)) == 1


def test_a_client_that_does_not_say_what_it_wants_is_not_waited_for(
    small_library: Library, tmp_path: Path
) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with (
        running(["backend.api"], environment(small_library, port), f"{base}/readyz", tmp_path / "log"),
        ExitStack() as connections,
    ):
        slow, silent, endless, later = (
            connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            for _ in range(4)
        )
        slow.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\nx-slow: ")
        later.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        assert later.recv(4096).startswith(b"HTTP/1.1 200 OK")
        later.sendall(b"GET /livez HTT")
        endless.sendall(b"GET / HTTP/1.1\r\n" + b"x-more: 1\r\n" * 5000)
        assert httpx.get(f"{base}/livez", timeout=SECONDS).is_success
        endless.sendall(b"x-more: 1\r\n" * 1000)
        assert read_all(endless).startswith(b"HTTP/1.1 431")
        assert read_all(slow).startswith(b"HTTP/1.1 408")
        assert read_all(silent) == b""
        assert b"HTTP/1.1 408" in read_all(later)  # after the first answer


def test_several_workers_share_a_port_and_take_up_a_promotion(small_library: Library, tmp_path: Path) -> None:
    port = free_port()
    base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    settings = environment(small_library, port) | {"MENAGERIE_WORKERS": "2"}

    def versions() -> set[str]:
        sent = [{"file": picture("red", number)} for number in range(10)]
        answers = [httpx.post(f"{base}/predict", files=files, timeout=SECONDS) for files in sent]
        return {str(answer.json()["model"]["version"]) for answer in answers}

    def started() -> int:
        return log.read_text().count("Application startup complete")

    with running(["backend.api"], settings, f"{base}/readyz", log) as process:
        wait_until(lambda: started() == 2)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert versions() == {"colours-1"}
        counted = 'menagerie_answers_total{verdict="confident",version="colours-1"} 10.0'
        told = [httpx.get(f"{base}/metrics", timeout=SECONDS).text for _ in range(10)]
        assert all(counted in text for text in told)  # whichever is asked
        bundle = make_bundle(small_library.bundles, "colours-2", embedder="another")
        with Session(small_library.engine) as session, session.begin():
            registry.register(session, load_bundle(bundle).manifest, None)
            registry.promote(session, "colours-2")
        wait_until(lambda: versions() == {"colours-2"})
        os.kill(int(children[-1]), signal.SIGKILL)  # another takes its place
        wait_until(lambda: "died" in log.read_text())
        wait_until(lambda: started() == 3)
        assert versions() == {"colours-2"}
        with begun_request(port) as slow:
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: not listens(port))  # or a balancer would send it what nobody answers
            slow.sendall(LAST)
            assert read_all(slow).startswith(b"HTTP/1.1 200 OK")
        process.wait(SECONDS)
    assert "Traceback" not in log.read_text()


@contextmanager
def begun_request(port: int) -> Iterator[socket.socket]:
    """A connection on which all of a picture was sent but its `LAST` byte, to who has begun to read it."""
    data = picture("red")
    assert data.endswith(LAST)
    head = "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\nexpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as begun:
        begun.sendall(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data[:-1])
        assert begun.recv(len(CONTINUE)) == CONTINUE
        yield begun


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def read_all(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_the_service_never_imports_torch_or_training() -> None:
    strangers = "('torch', 'training', 'frontend', 'sklearn')"
    code = f"import sys, backend.api.__main__; print([m for m in {strangers} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT).stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"MENAGERIE_PORT": "eighty"}, "MENAGERIE_PORT='eighty'"),
        ({"MENAGERIE_LOG_LEVEL": "loud"}, "MENAGERIE_LOG_LEVEL='loud'"),
        ({"DATABASE_URL": "mysql://x/y"}, "only sqlite and postgresql"),
        (
            {"MENAGERIE_BUNDLES": "/nowhere"},
            "no champion can serve: no readable manifest at /nowhere/",
        ),
        ({"MENAGERIE_WORKERS": "2", "MENAGERIE_TASK": "emus"}, "no model of task 'emus' was promoted"),
        (
            {"MENAGERIE_TASK": "emus"},
            "MENAGERIE_TASK='emus': no model of task 'emus' was promoted; there are some of: colours; run: ",
        ),
    ],
)
def test_what_is_wrong_at_the_start_is_one_line(
    small_library: Library, changes: dict[str, str], told: str
) -> None:
    settings = os.environ | environment(small_library, free_port()) | changes
    ended = subprocess.run(
        [sys.executable, "-m", "backend.api"],
        env=settings,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=240,  # a busy machine takes its time
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert told in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_prepare_as_a_command_makes_a_fresh_installation_serve(
    small_library: Library, tmp_path: Path
) -> None:
    fresh = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'new' / 'i.db'}",
        "MENAGERIE_BUNDLES": str(tmp_path / "new" / "b"),
    }
    source = str(small_library.bundles / "colours-1")
    for bundle, code in ((source, 0), (source, 0), (str(tmp_path), 1)):
        ended = subprocess.run(
            [sys.executable, "-m", "backend.api.prepare", bundle],
            env=os.environ | fresh,
            capture_output=True,
            text=True,
            cwd=PROJECT,
        )
        assert ended.returncode == code, ended.stderr
    assert ended.stderr.startswith("error: no readable manifest")
    port = free_port()
    settings = fresh | {"MENAGERIE_PORT": str(port)}
    with running(["backend.api"], settings, f"http://127.0.0.1:{port}/readyz", tmp_path / "log"):
        page = httpx.get(f"http://127.0.0.1:{port}/images", timeout=SECONDS).json()
        assert (page["total"], page["items"], page["next_after"]) == (0, [], None)
