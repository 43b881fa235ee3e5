"""A resolver that hangs keeps threads of its own, so many at most, and one for each name."""

from __future__ import annotations

import asyncio
import socket
from threading import Event, Lock

import pytest

from queuebit_gateway.egress.names import Names, NamesBusy, look_by_system
from queuebit_gateway.egress.post import Egress, EgressFailed
from queuebit_gateway.egress.target import EgressPolicy


class Resolver:
    """Answers when it is told to; names that begin with `bad` have no address."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = Event()
        self._lock = Lock()

    def look(self, host: str, _port: int) -> list[str]:
        with self._lock:
            self.asked.append(host)
        self.go.wait(30)
        if host.startswith("bad"):
            raise socket.gaierror
        return ["192.0.2.1"]


async def test_a_name_that_hangs_is_asked_for_once_and_only_so_many_at_all() -> None:
    resolver = Resolver()
    names = Names(resolver.look, lookups_max=3)
    waiting = [
        asyncio.create_task(names.addresses(host, 443)) for host in ("a", "a", "a", "b", "bad") for _ in range(4)
    ]
    while len(resolver.asked) < 3:  # noqa: ASYNC110 - threads tell nobody
        await asyncio.sleep(0.001)

    with pytest.raises(NamesBusy):
        await names.addresses("one-too-many", 443)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "others have theirs"), 30)
    waiting[0].cancel()
    resolver.go.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)

    assert sorted(resolver.asked) == ["a", "b", "bad"]
    assert [each for each in found if isinstance(each, list)] == [["192.0.2.1"]] * 15
    assert sum(isinstance(each, socket.gaierror) for each in found) == 4
    assert await names.addresses("later", 443) == ["192.0.2.1"]


async def test_a_tenant_whose_names_hang_leaves_room_for_those_of_others() -> None:
    resolver = Resolver()
    names = Names(resolver.look, lookups_max=5, of_one_max=2)
    waiting = [asyncio.create_task(names.addresses(f"{nth}.acme", 443, "acme")) for nth in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(NamesBusy):
        await names.addresses("2.acme", 443, "acme")
    others = [asyncio.create_task(names.addresses(f"{nth}.example", 443, "globex")) for nth in range(2)]
    nobodys = asyncio.create_task(names.addresses("issuer.example", 443))
    await asyncio.sleep(0)
    again = asyncio.create_task(names.addresses("0.acme", 443, "acme"))
    await asyncio.sleep(0)
    resolver.go.set()

    found = await asyncio.gather(*waiting, *others, nobodys, again)
    assert found == [["192.0.2.1"]] * 6
    assert sorted(resolver.asked) == ["0.acme", "0.example", "1.acme", "1.example", "issuer.example"]
    assert await names.addresses("2.acme", 443, "acme") == ["192.0.2.1"]


async def test_whoever_waits_for_a_name_gives_up_in_time() -> None:
    resolver = Resolver()
    async with Egress(EgressPolicy(), resolve=Names(resolver.look, lookups_max=1).addresses, total_s=0.05) as egress:
        with pytest.raises(EgressFailed, match="No answer within"):
            await egress.get("https://slow.example.com/")
        with pytest.raises(EgressFailed, match="Too many names"):
            await egress.get("https://other.example.com/")
    resolver.go.set()


def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in look_by_system("localhost", 443)
