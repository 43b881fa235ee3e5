"""Moves a group back to where its topics were at a moment, so that it reads again what came since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from queuebit_operations.errors import InConflict, NotThere
from queuebit_operations.records.port import Place
from queuebit_runtime.clock import Clock

LOOK_INTERVAL_S = 1.0
OF_THE_CONTROL_PLANE = ("control-plane", "control-plane.large")
"""Its groups: what came large is read apart."""


class Groups(Protocol):
    """What is asked of the brokers about groups."""

    async def committed(self) -> dict[str, dict[Place, int]]: ...
    async def members(self, group: str) -> int: ...
    async def offsets_at(self, places: list[Place], at: datetime) -> dict[Place, int]: ...
    async def commit(self, group: str, offsets: Mapping[Place, int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Move:
    """A group on a partition: where it stands, and where it would go on from."""

    place: Place
    before: int
    after: int

    def document(self) -> dict[str, Any]:
        return {"topic": self.place.topic, "partition": self.place.partition, "from": self.before, "to": self.after}


async def moves_of(groups: Groups, group: str, at: datetime) -> list[Move]:
    """Where a group would go: back only, never forward. Raises NotThere for a group that has committed nothing."""
    committed = (await groups.committed()).get(group)
    if not committed:
        raise NotThere(f"The group {group} has committed nothing.", remedy="`queuebit ops status` lists the groups.")
    offsets = await groups.offsets_at(sorted(committed), at)
    moves = (Move(place, before, offsets[place]) for place, before in sorted(committed.items()) if place in offsets)
    return [move for move in moves if move.after < move.before]


async def moves_of_all(groups: Groups, names: Sequence[str], at: datetime) -> dict[str, list[Move]]:
    """By group, where it would go. Without names: those of the control plane, of which some may have read nothing yet. Raises
    NotThere.
    """
    if names:
        return {name: await moves_of(groups, name, at) for name in names}
    committed = await groups.committed()
    found = {name: await moves_of(groups, name, at) for name in OF_THE_CONTROL_PLANE if committed.get(name)}
    if not found:
        raise NotThere("The control plane has read nothing.", remedy="Check QUEUEBIT_KAFKA and QUEUEBIT_NAMESPACE.")
    return found


async def rewind(
    groups: Groups, group: str, moves: list[Move], clock: Clock, *, wait_s: float, on_wait: Callable[[int], None]
) -> None:
    """Move it. Raises InConflict where the group still has members after `wait_s`: they would go on from where they are.

    A member with an instance id says no farewell: the brokers forget it a session timeout after its end. `on_wait` hears how
    many are left.
    """
    deadline_s = clock.monotonic_s() + wait_s
    while members := await groups.members(group):
        if clock.monotonic_s() >= deadline_s:
            raise InConflict(
                f"The group {group} has {members} members.",
                remedy="Stop the service that reads it first; --wait-s waits longer until the brokers have forgotten it.",
            )
        on_wait(members)
        await clock.sleep(LOOK_INTERVAL_S)
    await groups.commit(group, {move.place: move.after for move in moves})
