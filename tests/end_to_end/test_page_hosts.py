"""By which names the page is reached: a website can have its own lead to this machine, and would act as its
visitor."""

import socket
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.processes import free_port, running
from training.cli.processes import ALLOWED_HOSTS, LOCAL, page_command


def answer(port: int, host: str) -> int:
    """The status of a browser's attempt to open the page's connection, from a page of that host."""
    head = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    with socket.create_connection((LOCAL, port), timeout=20) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        return int(connection.recv(1024).split()[1])


@pytest.mark.parametrize(
    ("bound", "allowed", "answered"),
    [
        (LOCAL, None, {"localhost": True, LOCAL: True, "[::1]": True, "rebound.example": False}),
        (LOCAL, "a.example *.b.example", {"a.example": True, "x.b.example": True, "localhost": False}),
        ("0.0.0.0", None, {"animals.example": True}),
        ("0.0.0.0", "a.example", {"a.example": True, "rebound.example": False}),
    ],
)
def test_the_page_answers_to_no_name_that_it_does_not_know(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    allowed: str | None,
    answered: Mapping[str, bool],
) -> None:
    monkeypatch.delenv(ALLOWED_HOSTS, raising=False)
    if allowed is not None:
        monkeypatch.setenv(ALLOWED_HOSTS, allowed)
    port = free_port()
    command = page_command(bound, port)[2:]
    with running(command, {}, f"http://{LOCAL}:{port}/_stcore/health", tmp_path / "page.log"):
        for host, is_answered in answered.items():
            wanted = HTTPStatus.SWITCHING_PROTOCOLS if is_answered else HTTPStatus.FORBIDDEN
            assert answer(port, f"{host}:{port}") == wanted, host
