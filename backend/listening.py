"""Can we listen there? Asked before anything slow is done, so that the answer is one line."""

import errno
import socket


class CannotListen(OSError):
    """An address cannot be listened at; the message says why, and what names another."""


def check_free(host: str, *ports: int, others: str) -> None:
    """Returns where all of these TCP ports of `host` are free; `others` says what names other ones.

    Raises:
        CannotListen: something listens there already, it is not allowed, or `host` is none of this machine's.
    """
    for port in ports:
        try:
            _try(host, port)
        except OSError as error:
            raise CannotListen(f"{_reason(error, host, port)} with {others}") from None


def _try(host: str, port: int) -> None:
    """Raises the first reason where nothing, or only some of it, can be listened at."""
    free, reasons = 0, []
    for family, _, _, _, address in _addresses(host, port):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                free += 1
        except OSError as error:
            reasons.append(error)
    # A name such as localhost may stand for an IPv6 address too, on a machine that has none.
    lasting = [error for error in reasons if not free or error.errno == errno.EADDRINUSE]
    if lasting:
        raise lasting[0]


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str | int | bytes, ...]]]:
    try:
        return [*socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)]
    except UnicodeError as error:  # a part of the name is empty, or too long
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error


def _reason(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"there is no address {host!r} to listen at: name another"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: end what listens there, or name another"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: name another"
    return f"nothing may listen at {host}, port {port} ({error.strerror}): name another"
