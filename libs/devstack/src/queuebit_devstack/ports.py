"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> tuple[int, ...]:
    """Return `count` different ports that are free. For a minute the system gives them to nobody who asks for any port; a
    server that asks for one of them gets it, as it allows itself an address that was used a moment ago.
    """
    return tuple(_reserved() for _ in range(count))


def _reserved() -> int:
    """A port with a connection behind it that its listening side has ended: TCP remembers that for a minute."""
    with _socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, 0))
        listening.listen(1)
        port = int(listening.getsockname()[1])
        with _socket() as asking:
            asking.connect((LOOPBACK, port))
            listening.accept()[0].close()
    return port


def _socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def prefer_port(wanted: int) -> int:
    """Return `wanted` where it is free, else any free port."""
    with _socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            return free_ports(1)[0]
    return wanted
