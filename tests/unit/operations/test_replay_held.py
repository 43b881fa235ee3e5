"""A replay goes on with the selection that it began with, and with no other."""

from __future__ import annotations

import pytest

from queuebit_contracts.ids import uuid7
from queuebit_operations.bulk.recorded import recorded
from queuebit_operations.bulk.store import Operations
from queuebit_operations.errors import InConflict
from queuebit_operations.replaying.held import first_run_of, operation_of_run
from queuebit_store.memory import MemoryStore
from tests.fakes.clocks import StoppedClock

NEXT = uuid7(1, 1)
GIVEN = {"replay_id": "r", "topic": "elsewhere", "selection": "tenant acme"}


async def test_its_name_stands_for_its_selection() -> None:
    store, clock = MemoryStore(), StoppedClock()
    operations = Operations(store, clock)
    first = await operation_of_run(operations, "r", GIVEN, NEXT)
    assert first == first_run_of("r") != first_run_of("s")
    async with recorded(store, clock, first, "replay topic", GIVEN, actor="a", reason="r"):
        pass

    assert await operation_of_run(operations, "r", GIVEN, NEXT) == NEXT
    assert await operation_of_run(operations, "s", GIVEN, NEXT) == first_run_of("s")
    with pytest.raises(InConflict, match="another selection: selection tenant acme"):
        await operation_of_run(operations, "r", {**GIVEN, "selection": "everything"}, NEXT)
    with pytest.raises(InConflict, match="another topic"):
        await operation_of_run(operations, "r", {"replay_id": "r", "selection": "tenant acme"}, NEXT)
