"""Short work on what strangers sent, in processes that can be killed: bounded in time and memory, fair by tenant.

All of them stand back for the event loops, as solvers do. What is large goes to processes of its own, which stand back for all
others, so that small work never waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from queuebit_runtime.errors import PoolCrashed
from queuebit_runtime.processes.pool import IDLE_NICENESS, NICENESS, InlinePool, Pool, ProcessPool
from queuebit_runtime.processes.turns import Turns

T = TypeVar("T")
LARGE_BYTES = 65_536
"""More is large."""
CPU_MAX_S = 1.0
"""For what is not large."""
CPU_S_PER_MB = 2.5
"""For what is beyond that."""
BUSY_FACTOR = 8.0
"""How much longer than its processor time a task may take on a busy machine."""

SMALL_PLACES, LARGE_PLACES = 2, 1
SMALL_MEMORY_MB, LARGE_MEMORY_MB = 512, 1536
OF_TENANT_MAX = 64
SMALL_BYTES_HELD_MAX, LARGE_BYTES_HELD_MAX = 8 * 1024 * 1024, 48 * 1024 * 1024
IDLE_MAX_S = 60.0
TRIES_MAX = 2


class BoundedWork:
    """The two pools, and the turns at them."""

    def __init__(self, small: Pool, large: Pool) -> None:
        self._small = small
        self._large = large
        self.small_turns = Turns(SMALL_PLACES, of_tenant_max=OF_TENANT_MAX, bytes_max=SMALL_BYTES_HELD_MAX)
        self.large_turns = Turns(LARGE_PLACES, of_tenant_max=OF_TENANT_MAX, bytes_max=LARGE_BYTES_HELD_MAX)
        self.runs = 0

    async def run(self, function_path: str, argument: Any, *, tenant: str, size_bytes: int) -> Any:
        """What the function returns; see Pool. `size_bytes` says how much there is to read.

        Raises Overloaded, and PoolError: PoolExhausted and PoolMemory where the work itself was too much.
        """
        large = size_bytes > LARGE_BYTES
        pool, turns = (self._large, self.large_turns) if large else (self._small, self.small_turns)
        cpu_max_s = cpu_max_s_of(size_bytes)
        async with turns.turn(tenant, size_bytes):
            self.runs += 1
            for left in reversed(range(TRIES_MAX)):
                try:
                    return await pool.run(
                        function_path, argument, timeout_s=cpu_max_s * BUSY_FACTOR, cpu_max_s=cpu_max_s
                    )
                except PoolCrashed:
                    if not left:
                        raise
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """End every process."""
        await asyncio.gather(self._small.close(), self._large.close())


def small_groups(items: Sequence[T], size_of: Callable[[T], int], count_max: int) -> Iterator[list[T]]:
    """The items in their order, so many at a time that each group is still small: it never waits behind what is large."""
    group: list[T] = []
    size_bytes = 0
    for item in items:
        more = size_of(item)
        if group and (len(group) == count_max or size_bytes + more > LARGE_BYTES):
            yield group
            group, size_bytes = [], 0
        group.append(item)
        size_bytes += more
    if group:
        yield group


def cpu_max_s_of(size_bytes: int) -> float:
    """The processor time that reading and admitting so many bytes may take."""
    return CPU_MAX_S + CPU_S_PER_MB * max(0, size_bytes - LARGE_BYTES) / 1_000_000


def in_processes(warm_import: tuple[str, ...]) -> BoundedWork:
    """Work in processes, started when first needed."""
    return BoundedWork(
        ProcessPool(SMALL_PLACES, SMALL_MEMORY_MB, warm_import, niceness=NICENESS, idle_max_s=IDLE_MAX_S),
        ProcessPool(LARGE_PLACES, LARGE_MEMORY_MB, warm_import, niceness=IDLE_NICENESS, idle_max_s=IDLE_MAX_S),
    )


def inline() -> BoundedWork:
    """Work in the caller, without bounds: for simulations and tests."""
    return BoundedWork(InlinePool(), InlinePool())
