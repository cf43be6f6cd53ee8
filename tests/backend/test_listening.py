"""Asking whether an address is free to listen at, and taking it."""

import socket
from contextlib import ExitStack

import pytest

from backend.listening import CannotListen, bind, check_free
from tests.processes import free_port


def listening(host: str = "127.0.0.1") -> socket.socket:
    taken = socket.create_server((host, 0))
    taken.listen()
    return taken


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", ""])
def test_a_port_is_free_or_in_use_at_every_way_to_name_the_machine(host: str) -> None:
    with listening() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"^port {port} is in use: end .* another with --port$"):
            check_free(host, port, others="--port")
    check_free(host, port, others="--port")


def test_all_ports_are_asked_about() -> None:
    with listening() as taken, listening() as other:
        port = other.getsockname()[1]
        other.close()
        with pytest.raises(CannotListen, match="is in use"):
            check_free("127.0.0.1", port, taken.getsockname()[1], others="--port")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("nowhere.invalid", "there is no address 'nowhere.invalid' to listen at"),
        ("x..y", "there is no address 'x..y' to listen at"),
        ("999.1.1.1", "there is no address '999.1.1.1' to listen at"),
        ("192.0.2.1", "192.0.2.1 is no address of this machine"),  # RFC 5737: nobody's
    ],
)
def test_an_address_that_is_not_ours_is_told(host: str, reason: str) -> None:
    with pytest.raises(CannotListen, match=f"^{reason}: name another with --host$"):
        check_free(host, 0, others="--host")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "::", ""])
def test_several_may_listen_wherever_one_would(host: str) -> None:
    port = free_port()
    try:
        for listener in bind(host, port):
            listener.close()
    except OSError:
        pytest.skip(f"this machine has no {host!r}")
    with ExitStack() as closing:
        first, second = (
            [closing.enter_context(listener) for listener in bind(host, port, shared=True)] for _ in range(2)
        )
        for listener in (*first, *second):
            listener.listen()
        addresses = [listener.getsockname() for listener in first]
        assert [listener.getsockname() for listener in second] == addresses
        families = {family for family, *_ in socket.getaddrinfo(host or None, port, flags=socket.AI_PASSIVE)}
        assert {listener.family for listener in first} == families
        with pytest.raises(CannotListen, match="is in use"):
            check_free(host, port, others="--port")
    check_free(host, port, others="--port")
