"""A free port stays free until its server takes it, whatever else asks the system for ports meanwhile."""

from __future__ import annotations

import errno
import socket

import pytest

from queuebit_devstack.ports import LOOPBACK, free_ports


def test_the_system_gives_them_to_nobody_else_and_a_server_gets_them() -> None:
    ports = free_ports(5)

    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as anybody, pytest.raises(OSError) as taken:
            anybody.bind((LOOPBACK, port))
        assert taken.value.errno == errno.EADDRINUSE
        with socket.create_server((LOOPBACK, port), reuse_port=False):
            pass
