"""Stored events of the register of holds, read back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from queuebit_contracts.operators import HoldEvent
from queuebit_contracts.registry import REGISTRY
from queuebit_domain.errors import CorruptStream
from queuebit_domain.holds.register import NO_HOLDS, REGISTER_ID, Holds, evolve_holds
from queuebit_domain.stored import Stored


def fold_holds(stored: Iterable[Stored], holds: Holds = NO_HOLDS) -> Holds:
    """The register after more of its events. Raises CorruptStream where versions have a gap."""
    for event in stored:
        if event.version != holds.version + 1:
            raise CorruptStream(f"the register {REGISTER_ID} has version {event.version} after {holds.version}")
        data = REGISTRY.read_stored(event.type, event.schema_version, event.data)
        holds = evolve_holds(holds, cast(HoldEvent, data), event.time)
    return holds
