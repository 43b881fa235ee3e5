"""An operator who holds work back and lets it go again, in the middle of everything."""

from __future__ import annotations

from random import Random

from queuebit_contracts.jobs import LANES, TIERS
from queuebit_contracts.operators import HoldPlaced, HoldScope
from queuebit_operations.holding.register import HoldRegister
from queuebit_workbench.world import World
from tests.simulation.plan import TENANTS
from tests.simulation.virtual import VirtualClock

BACKENDS = ("aer_simulator", "queuebit-problems", "queuebit-problems")
KINDS = ("maxcut", "knapsack")
RATE_PER_S = 40.0


class Operator:
    """Acts through a session of its own, which no weather reaches: what was promised to a person was stored."""

    def __init__(self, world: World, clock: VirtualClock, random: Random) -> None:
        self._world = world
        self._register = HoldRegister(world.store(), clock)
        self._clock = clock
        self._random = random

    async def hold_for(self, for_s: float, *, eases: bool) -> None:
        """Hold something back for a while; then let it go at once, or ease it and leave the rest to the control plane."""
        scope, value = self._what()
        wanted = HoldPlaced(why="pause", scope=scope, value=value, actor="alice", reason="I want to look at it")
        hold, _ = await self._register.place(wanted)
        await self._clock.sleep(for_s)
        # Somebody may have held the same and let it go meanwhile.
        if (await self._register.holds()).numbered(hold.number) is not None:
            rate = RATE_PER_S if eases else None
            await self._register.lift(hold.number, actor="alice", reason="it is fine", rate_per_s=rate)

    def _what(self) -> tuple[HoldScope, str]:
        choices: dict[HoldScope, tuple[str, ...]] = {
            "all": ("",),
            "tenant": TENANTS,
            "kind": KINDS,
            "lane": LANES,
            "tier": TIERS,
            "backend": BACKENDS,
            "job": tuple(str(stream_id) for stream_id in self._world.database.streams) or ("none",),
        }
        scope = self._random.choice((*choices, "backend", "backend", "backend"))
        return scope, self._random.choice(choices[scope])
