"""Operators who did something: with the verbs' own rooms, on the store of a gateway."""

from __future__ import annotations

import asyncio
from uuid import UUID

from queuebit_contracts.operators import HoldPlaced
from queuebit_operations.bulk.operation import FAILED, Operation, freeze
from queuebit_operations.bulk.runner import Runner, Step
from queuebit_operations.bulk.store import Operations
from queuebit_operations.holding.register import HoldRegister
from queuebit_operations.jobs.acting import act_of
from queuebit_operations.jobs.worker import Worker
from tests.contract.http.running_gateway import RunningGateway


async def operated(world: RunningGateway, targets: int = 2500) -> tuple[UUID, UUID]:
    """A pause that was placed, eased and lifted, one that is in force; an operation that is done, and one that is prepared."""
    register = HoldRegister(world.store, world.clock)
    first, _ = await register.place(HoldPlaced(why="pause", scope="all", actor="ada", reason="A bad release."))
    await register.lift(first.number, actor="bob", reason="Slowly.", rate_per_s=5)
    await register.lift(first.number, actor="bob", reason="It is good again.")
    await register.place(HoldPlaced(why="quarantine", scope="backend", value="ibm_b", actor="ada", reason="It drifts."))
    operations = Operations(world.store, world.clock)
    done, prepared = world.parts.ids.mint(), world.parts.ids.mint()
    await operations.create(done, freeze("jobs cancel", {}, [f"t{nth}" for nth in range(targets)], "ada"))

    async def act(some: object, _operation: Operation) -> Step:
        names = [str(each) for each in some]  # type: ignore[attr-defined]
        failed = {each: "gone" for each in names if each == "t7"}
        return Step({each: FAILED if each in failed else "cancelled" for each in names}, failed)

    await Runner(world.store, world.clock, holder="one").run(done, act, actor="bob", reason="Nobody wants them.")
    await operations.create(prepared, freeze("jobs rerun", {}, ["t1"], "eve"))
    return done, prepared


async def waiting(world: RunningGateway, count: int, kind: str = "maxcut") -> list[str]:
    """So many jobs that are queued."""
    world.plane.finish_at_once = False
    ids = [(await world.submit()).json()["id"] for _ in range(count)]
    for _ in range(10_000):
        if all(UUID(each) in world.store.database.streams for each in ids):
            break
        await asyncio.sleep(0)
    return ids


def a_worker(world: RunningGateway) -> Worker:
    return Worker(world.store, world.clock, lambda verb, key: act_of(verb, world.store, world.clock, key))


async def states(world: RunningGateway, ids: list[str]) -> list[str]:
    heads = await world.store.heads([UUID(each) for each in ids])
    return [heads[UUID(each)].head.state for each in ids]
