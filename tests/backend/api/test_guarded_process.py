"""Real processes that others could reach, or could not."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.backend.api.guarded import make_key, shown
from tests.backend.api.test_process import environment
from tests.drawing import picture
from tests.processes import free_port, running
from tests.waiting import SECONDS, wait_until

ENDLESS = 10**9
EVERYWHERE = {"MENAGERIE_HOST": "0.0.0.0"}


def keys_command(library: Library, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m backend.api.keys`, as it is run in a container."""
    return subprocess.run(
        [sys.executable, "-m", "backend.api.keys", *arguments],
        env=os.environ | environment(library, 1),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=240,  # a busy machine takes its time
    )


def test_a_process_that_others_reach_refuses_until_a_key_is_made_and_after_it_is_revoked(
    small_library: Library, tmp_path: Path
) -> None:
    port = free_port()
    base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    settings = environment(small_library, port) | EVERYWHERE | {"MENAGERIE_LOG_LEVEL": "debug"}

    def ask(token: str) -> httpx.Response:
        sent = {"file": picture("red")}
        return httpx.post(f"{base}/predict", files=sent, headers=shown(token), timeout=SECONDS)

    with running(["backend.api"], settings, f"{base}/readyz", log):
        assert log.read_text().count("there is none yet; make one with: menagerie keys add NAME") == 1
        assert ask("").json()["code"] == "missing_key"
        made = keys_command(small_library, "add", "robot", "--scope", "predict", "--rate-limit", "600")
        assert made.stderr == "The key robot is made. Its token is shown this once:\n"
        token = made.stdout.removesuffix("\n")
        wait_until(lambda: ask(token).status_code == 200)
        assert ask(token).json()["label"] == "red"
        assert keys_command(small_library, "list").stdout.startswith("robot  predict, made 20")
        assert keys_command(small_library, "revoke", "robot").returncode == 0
        wait_until(lambda: ask(token).status_code == 401)
        assert ask(token).json()["code"] == "invalid_key"
        assert httpx.get(f"{base}/livez", timeout=SECONDS).status_code == 200
    assert "key robot" in log.read_text()
    assert token not in log.read_text()


def test_who_shows_no_key_is_answered_while_the_body_is_still_to_come(
    small_library: Library, tmp_path: Path
) -> None:
    port = free_port()
    settings = environment(small_library, port) | EVERYWHERE
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: {ENDLESS}\r\n"
    with (
        running(["backend.api"], settings, f"http://127.0.0.1:{port}/readyz", tmp_path / "log"),
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
    ):
        connection.sendall(f"{head}expect: 100-continue\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 Unauthorized")


@pytest.mark.parametrize(
    ("options", "settings", "status"),
    [
        ("--host 0.0.0.0 --no-auth", {}, 200),
        ("--host 0.0.0.0", {"MENAGERIE_AUTH": "off"}, 200),
        ("--host 0.0.0.0 --auth", {"MENAGERIE_AUTH": "off"}, 401),
        ("--host 0.0.0.0", {"MENAGERIE_PUBLISHED": "127.0.0.1"}, 200),
        ("", {}, 200),
        ("--auth", {}, 401),
    ],
)
def test_serve_wants_a_key_as_it_is_told_or_where_others_reach_it(
    small_library: Library, tmp_path: Path, options: str, settings: dict[str, str], status: int
) -> None:
    make_key(small_library.engine, "robot")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = ["training.cli.main", "serve", *options.split()]
    settings = environment(small_library, port) | settings
    with running(command, settings, f"{base}/readyz", tmp_path / "log"):
        assert httpx.get(f"{base}/labels", timeout=SECONDS).status_code == status
    assert "WARNING" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("add page --scope write", "error: unknown scope 'write'; there are: predict, review, admin\n"),
        ("add robot", "error: a key called 'robot' is in use: choose another name, or revoke it\n"),
        ("revoke page", "error: no key called 'page' is in use; there are: robot\n"),
    ],
)
def test_what_cannot_be_done_with_a_key_is_one_line(
    small_library: Library, arguments: str, told: str
) -> None:
    make_key(small_library.engine, "robot")
    ended = keys_command(small_library, *arguments.split())
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", told)


def test_keys_are_not_made_in_a_database_that_is_not_there(small_library: Library, tmp_path: Path) -> None:
    absent = tmp_path / "absent.db"
    elsewhere = {"DATABASE_URL": f"sqlite:///{absent}"}
    ended = subprocess.run(
        [sys.executable, "-m", "backend.api.keys", "add", "robot"],
        env=os.environ | environment(small_library, 1) | elsewhere,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert ended.stderr.startswith(f"error: there is no database at {absent}; run: menagerie db upgrade")
    assert not absent.exists()
