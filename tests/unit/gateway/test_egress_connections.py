"""What really leaves: to the address that was checked, once, without redirects, whatever a name server says the second time."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest

from queuebit_gateway.egress.post import Egress, EgressFailed
from queuebit_gateway.egress.target import EgressPolicy, EgressRefused

INSIDE, OUTSIDE = "127.0.0.1", "127.0.0.2"
"""Both are this machine. For these tests the second counts as public, by what the operator allows."""
POLICY = EgressPolicy(allowed=(ip_network(f"{OUTSIDE}/32"),))


class NameServer(asyncio.DatagramProtocol):
    """A DNS server that gives each question the next of its answers."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        header = data[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(answer)
        self._transport.sendto(header + data[12:] + record, addr)  # type: ignore[attr-defined]


class _Question(asyncio.DatagramProtocol):
    def __init__(self, packet: bytes, answered: asyncio.Future[bytes]) -> None:
        self._packet, self._answered = packet, answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.sendto(self._packet)  # type: ignore[attr-defined]

    def datagram_received(self, data: bytes, _addr: object) -> None:
        if not self._answered.done():
            self._answered.set_result(data)


@asynccontextmanager
async def name_server(*answers: str) -> AsyncIterator[tuple[NameServer, object]]:
    """The server, and a resolver that asks it over the wire."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(*answers), local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]

    async def resolve(host: str, _port: int, _whose: str) -> list[str]:
        name = b"".join(bytes([len(part)]) + part for part in host.encode().split(b".")) + b"\0"
        packet = b"\x12\x34" + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)
        answered: asyncio.Future[bytes] = loop.create_future()
        line, _ = await loop.create_datagram_endpoint(
            lambda: _Question(packet, answered), remote_addr=("127.0.0.1", port)
        )
        try:
            data = await asyncio.wait_for(answered, 10)
        finally:
            line.close()
        return [socket.inet_ntoa(data[-4:])]

    try:
        yield server, resolve
    finally:
        transport.close()


@dataclass
class Receiver:
    """Listens at one address and answers every request alike."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
    heads: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver(address: str, port: int = 0, answer: bytes | None = None) -> AsyncIterator[Receiver]:
    found = Receiver() if answer is None else Receiver(answer)
    server = await asyncio.start_server(found.serve, address, port)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()


async def test_a_name_that_is_rebound_is_asked_for_once_and_reached_where_it_was_checked() -> None:
    """Given a name server that first says a public address and then one inside, then nothing is ever sent inside."""
    async with (
        receiver(OUTSIDE) as outside,
        receiver(INSIDE, outside.port) as inside,
        name_server(OUTSIDE, INSIDE) as dns,
    ):
        server, resolve = dns
        async with Egress(POLICY, resolve=resolve) as egress:  # type: ignore[arg-type]
            url = f"http://rebound.example.com:{outside.port}/hook"
            first = await egress.post(url, {"x": "y"}, b"{}")
            assert server.asked == 1
            with pytest.raises(EgressRefused, match="not public"):
                await egress.post(url, {}, b"{}")

    assert first.status == 204
    assert [head.split(b"\r\n")[0] for head in outside.heads] == [b"POST /hook HTTP/1.1"]
    assert f"host: rebound.example.com:{outside.port}".encode() in outside.heads[0].lower()
    assert inside.heads == []


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiver(INSIDE) as inside:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: http://{INSIDE}:{inside.port}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with receiver(OUTSIDE, answer=moved) as outside, Egress(POLICY) as egress:
            answered = await egress.post(f"http://{OUTSIDE}:{outside.port}/", {}, b"{}")

    assert answered.status == 307
    assert inside.heads == []


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver(INSIDE) as proxy, receiver(OUTSIDE) as outside:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{INSIDE}:{proxy.port}")
        async with Egress(POLICY) as egress:
            answered = await egress.post(f"http://{OUTSIDE}:{outside.port}/", {}, b"{}")

    assert (answered.status, proxy.heads) == (204, [])


async def test_a_receiver_that_never_ends_is_read_no_further_than_the_bound() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1_000_000
    async with receiver(OUTSIDE, answer=endless) as outside, Egress(POLICY) as egress:
        answered = await egress.post(f"http://{OUTSIDE}:{outside.port}/", {}, b"{}")
    assert len(answered.body) == 65_536


async def test_a_receiver_that_hangs_costs_a_bounded_time() -> None:
    over = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(hang, OUTSIDE, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with Egress(POLICY, total_s=0.2) as egress:
            with pytest.raises(EgressFailed, match=r"No answer within 0.2 s"):
                await egress.post(f"http://{OUTSIDE}:{port}/", {}, b"{}")
    finally:
        over.set()
        server.close()


async def test_what_cannot_be_reached_says_nothing_of_our_side() -> None:
    async def nowhere(_host: str, _port: int, _whose: str) -> list[str]:
        raise OSError("resolver 10.0.0.2 says no")

    async with Egress(POLICY, resolve=nowhere) as egress:
        with pytest.raises(EgressFailed) as found:
            await egress.post("https://gone.example.com/", {}, b"{}")
    assert "10.0.0.2" not in str(found.value)
