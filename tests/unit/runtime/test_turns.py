"""Turns at what is scarce: one tenant after the other, bounded, and nothing lost when somebody gives up."""

from __future__ import annotations

import asyncio

import pytest

from queuebit_runtime.errors import Overloaded
from queuebit_runtime.processes.turns import Turns


class Scene:
    """Who had a turn, in order; each turn lasts until it is told to end."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.had: list[str] = []
        self._go_on = asyncio.Semaphore(0)
        self.tasks: list[asyncio.Task[None]] = []

    async def wants(self, *names: str, size_bytes: int = 1) -> None:
        """Each name is a tenant and a number: `a1`."""
        for name in names:
            self.tasks.append(asyncio.create_task(self._work(name, size_bytes)))
            await asyncio.sleep(0)

    async def _work(self, name: str, size_bytes: int) -> None:
        async with self.turns.turn(name[0], size_bytes):
            self.had.append(name)
            await self._go_on.acquire()

    async def ends(self) -> None:
        """All turns, one after the other."""
        for _ in self.tasks:
            self._go_on.release()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_each_tenant_has_a_turn_before_any_has_a_second() -> None:
    scene = Scene(Turns(1, of_tenant_max=10, bytes_max=100))
    await scene.wants("a1", "a2", "a3", "a4", "b1", "b2", "c1")

    await scene.ends()

    assert scene.had == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_a_tenant_may_have_so_much_waiting_and_no_more() -> None:
    scene = Scene(Turns(1, of_tenant_max=2, bytes_max=100))
    await scene.wants("a1", "a2", "a3", "b1")

    with pytest.raises(Overloaded) as refused:
        async with scene.turns.turn("a", 1):
            pass
    await scene.ends()

    assert (refused.value.of_tenant, scene.had) == (True, ["a1", "a2", "b1", "a3"])


async def test_so_many_bytes_are_held_but_one_turn_is_always_given() -> None:
    scene = Scene(Turns(1, of_tenant_max=10, bytes_max=100))
    await scene.wants("a1", size_bytes=500)

    with pytest.raises(Overloaded) as refused:
        async with scene.turns.turn("b", 1):
            pass
    await scene.ends()

    assert (refused.value.of_tenant, scene.had, scene.turns.bytes_held) == (False, ["a1"], 0)


async def test_who_gives_up_holds_up_nobody() -> None:
    scene = Scene(Turns(1, of_tenant_max=10, bytes_max=100))
    await scene.wants("a1", "b1", "c1")

    scene.tasks[1].cancel()
    await scene.ends()

    assert (scene.had, scene.turns.waiting, scene.turns.bytes_held) == (["a1", "c1"], 0, 0)
    async with asyncio.timeout(10), scene.turns.turn("d", 1):
        scene.had.append("d1")
    assert scene.had[-1] == "d1"


@pytest.mark.parametrize("waits", ["c1", "b2"])
async def test_who_has_a_turn_and_who_waits_may_give_up_at_once(waits: str) -> None:
    """As when their process dies: the place goes to the next who still wants it, whosever it is."""
    scene = Scene(Turns(1, of_tenant_max=10, bytes_max=100))
    await scene.wants("a1", "b1", waits)

    scene.tasks[0].cancel()
    scene.tasks[1].cancel()
    gone = await asyncio.gather(*scene.tasks[:2], return_exceptions=True)
    await scene.ends()

    assert [type(each) for each in gone] == [asyncio.CancelledError, asyncio.CancelledError]
    assert (scene.had, scene.turns.waiting, scene.turns.bytes_held) == (["a1", waits], 0, 0)
    async with asyncio.timeout(10), scene.turns.turn("d", 1):
        scene.had.append("d1")
    assert scene.had[-1] == "d1"


async def test_a_turn_given_to_who_gave_up_meanwhile_goes_on() -> None:
    scene = Scene(Turns(1, of_tenant_max=10, bytes_max=100))
    await scene.wants("a1", "b1", "c1")
    scene.tasks[1].add_done_callback(lambda _: None)

    scene._go_on.release()
    await asyncio.sleep(0)
    scene.tasks[1].cancel()
    await scene.ends()

    assert scene.had[-1] == "c1"
    assert scene.turns.waiting == 0
