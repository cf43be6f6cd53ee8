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
            for listener in bind(host, port):
                listener.close()
        except OSError as error:
            raise CannotListen(f"{_reason(error, host, port)} with {others}") from None


def bind(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Sockets at a TCP port of every address that `host` stands for, which do not listen yet.

    `shared`: others may be bound there alike, and the kernel deals new connections out among those that
    listen.

    Raises:
        OSError: the first reason why nothing, or only some of it, can be listened at.
    """
    bound, reasons = list[socket.socket](), []
    for family, _, _, _, address in dict.fromkeys(_addresses(host, port)):
        listener = None
        try:
            listener = socket.socket(family)
            _prepare(listener, shared=shared)
            listener.bind(address)
            bound.append(listener)
        except OSError as error:
            reasons.append(error)
            if listener is not None:
                listener.close()
    # A name such as localhost may stand for an IPv6 address too, on a machine that has none.
    lasting = [error for error in reasons if not bound or error.errno == errno.EADDRINUSE]
    if lasting:
        for listener in bound:
            listener.close()
        raise lasting[0]
    return bound


def _prepare(listener: socket.socket, *, shared: bool) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listener.family == socket.AF_INET6:  # as asyncio has it: IPv4 is an address of its own
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


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
