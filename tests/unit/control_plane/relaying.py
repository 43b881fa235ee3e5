"""A relay where only what matters to a test is said."""

from __future__ import annotations

from typing import Any

from queuebit_control_plane.relay.lead import Lead
from queuebit_control_plane.relay.relay import LEASE, Relay
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock
from queuebit_store.memory import MemoryStore


def a_relay(store: MemoryStore, bus: Bus, clock: Clock, *, holder: str = "one", **bounds: Any) -> Relay:
    """The relay of the process `holder`."""
    return Relay(store, bus, clock, Lead(store, clock, name=LEASE, holder=holder), **bounds)


async def stepped(relay: Relay) -> None:
    """One step, and what it left on the path for large events."""
    await relay.step()
    if (task := relay._path._task) is not None:
        await task
