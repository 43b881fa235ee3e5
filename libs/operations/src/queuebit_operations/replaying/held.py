"""A replay is about what it was about when it began: its name stands for that selection, and goes on with no other."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_domain.holds.register import REGISTER_ID
from queuebit_operations.bulk.store import Operations
from queuebit_operations.errors import InConflict, NotThere


def first_run_of(replay_id: str) -> UUID:
    """The operation that the first run of a replay is recorded as."""
    return derive_id(REGISTER_ID, f"replay {replay_id}")


async def operation_of_run(operations: Operations, replay_id: str, arguments: Mapping[str, str], next_id: UUID) -> UUID:
    """The operation that a run is recorded as: the first one of its replay, or `next_id` where it goes on. Raises InConflict
    where the replay began with another selection or another place.
    """
    first = first_run_of(replay_id)
    try:
        begun = await operations.load(first)
    except NotThere:
        return first
    other = [name for name in {**arguments, **begun.arguments} if begun.arguments.get(name) != arguments.get(name)]
    if other:
        was = ", ".join(f"{name} {begun.arguments.get(name, 'none')}" for name in other)
        raise InConflict(
            f"The replay {replay_id} began with another {' and '.join(other)}: {was}.",
            remedy="Give the flags that it began with, or another --replay-id.",
        )
    return next_id
