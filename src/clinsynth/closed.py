"""A process that opens no connection beyond its own machine: `private=true`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from clinsynth.errors import ConfigError

_EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
"""Of Python's audit: what leaves by a socket, and the names that are looked up for it."""

_closed = 0
"""How many jobs want it now; a hook cannot be taken away again."""
_hooked = False


class ClosedNetwork(ConfigError):
    """Something wanted to reach another machine in a job that is private."""


@contextmanager
def closed_network(wanted: bool) -> Iterator[None]:
    """Turn every connection to another machine into ClosedNetwork, whichever library opens it, where that is wanted.

    Sockets of files (Unix) and of this machine stay open. It holds for this process and not for others that it starts.
    Source: PEP 578, Python's audit hooks.
    """
    global _closed, _hooked
    if not wanted:
        yield
        return
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked = True
    _closed += 1
    try:
        yield
    finally:
        _closed -= 1


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _closed or event not in _EVENTS:
        return
    host = arguments[0] if event == "socket.getaddrinfo" else _host(arguments[1])
    if host is not None and not _is_here(host):
        raise ClosedNetwork(
            f"private=true: a connection to {host} was refused, and nothing was sent. Where it is meant, leave private "
            "out: an MLflow server (MLFLOW_TRACKING_URI) and a model that is not on this machine are reached so."
        )


def _host(address: Any) -> str | None:
    """Return the host of an address as sockets have it; `None` for a file's."""
    return str(address[0]) if isinstance(address, tuple) and address else None


def _is_here(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in ("", "localhost", "None"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
