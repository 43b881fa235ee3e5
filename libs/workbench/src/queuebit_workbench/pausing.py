"""What `queuebit up --paused` does before a service starts."""

from __future__ import annotations

from queuebit_contracts.operators import HoldPlaced
from queuebit_devstack.processes import child_env
from queuebit_devstack.stack import Stack
from queuebit_operations.holding.register import HoldRegister
from queuebit_operations.verbs.acting import actor_or_user
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresStore, settings_from


async def pause_everything(stack: Stack) -> None:
    """Hold all work back, where it is not held already."""
    wanted = HoldPlaced(
        why="pause", scope="all", actor=actor_or_user(None), reason="Started with queuebit up --paused."
    )
    env = child_env(stack.data_dir, stack.env())
    async with await PostgresStore.open(settings_from(env, service="ops")) as store:
        await HoldRegister(store, SystemClock()).place(wanted)
