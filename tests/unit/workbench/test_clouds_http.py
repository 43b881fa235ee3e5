"""The HTTP side of clouds on loopback: what was asked in whole is done, who went away in the middle has asked for nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from queuebit_workbench.clouds.faults import Faults
from queuebit_workbench.clouds.http import Asked, Loopback, Reply

WAIT_S = 30.0


@dataclass
class Cloud:
    """Counts what it was asked."""

    bodies: list[bytes] = field(default_factory=list)

    def answer(self, asked: Asked) -> Reply:
        self.bodies.append(asked.body)
        return Reply(200, {"count": len(self.bodies)})


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def loopback(cloud: Cloud) -> Iterator[Loopback]:
    found = Loopback(cloud.answer, Faults())
    found.start()
    yield found
    found.close()


def said(loopback: Loopback, request: bytes, *, goes: bool) -> bytes:
    """What is answered to bytes; with `goes` the client says no more after them."""
    host, _, port = loopback.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as connection:
        connection.sendall(request)
        if goes:
            connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(4096):
            parts.append(part)
        return b"".join(parts)


POST = b"POST /jobs HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_", [POST + b'Content-Length: 9\r\n\r\n{"a": 12}', CHUNKED + b'4\r\n{"a"\r\n5\r\n: 12}\r\n0\r\n\r\n']
)
def test_a_request_is_answered(loopback: Loopback, cloud: Cloud, request_: bytes) -> None:
    told = said(loopback, request_, goes=False)

    assert told.startswith(b"HTTP/1.1 200")
    assert cloud.bodies == [b'{"a": 12}']


@pytest.mark.parametrize("request_", [POST + b'Content-Length: 9\r\n\r\n{"a"', CHUNKED + b'9\r\n{"a"'])
def test_who_goes_away_in_the_middle_has_asked_for_nothing(
    loopback: Loopback, cloud: Cloud, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert said(loopback, request_, goes=True) == b""

    assert cloud.bodies == []
    assert capfd.readouterr().err == "", "and that is no news"
