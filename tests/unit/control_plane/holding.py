"""Holds where only what matters to a test is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_contracts.jobs import Lane
from queuebit_contracts.operators import HoldEvent, HoldPlaced, HoldScope
from queuebit_domain.holds.gate import Gate
from queuebit_domain.holds.register import CATEGORY, HEAD_STATE, NO_HOLDS, OPERATOR, REGISTER_ID, Holds, evolve_holds
from queuebit_store.log.new_events import new_events
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head
from tests.builders import NOW


def a_hold(scope: HoldScope = "all", value: str = "", **changes: Any) -> HoldPlaced:
    return HoldPlaced(
        **{"why": "quarantine", "scope": scope, "value": value, "actor": "alice", "reason": "why", **changes}
    )


def holds(*events: HoldEvent) -> Holds:
    found = NO_HOLDS
    for event in events:
        found = evolve_holds(found, event, NOW)
    return found


def a_gate(*events: HoldEvent, backends: Mapping[Lane, frozenset[str]] | None = None) -> Gate:
    return Gate(holds(*events), backends)


async def store_holds(store: MemoryStore, *events: HoldEvent) -> None:
    """Append to the register, as an operator's tool does."""
    version = len(await store.events_of(REGISTER_ID))
    new = new_events(REGISTER_ID, version, events, NOW)
    head = Head(HEAD_STATE)
    assert await store.append([Append(REGISTER_ID, OPERATOR, version, new, head, category=CATEGORY)]) == [True]
