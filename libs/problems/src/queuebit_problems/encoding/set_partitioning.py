"""Sets of items that fit together: the qubits of bin packing and vehicle routing, where a covering needs no slack bits."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_problems.encoding.one_hot import add_groups
from queuebit_problems.encoding.qubo import Exact, QuboBuilder
from queuebit_problems.optimisation import Group


def fitting_sets(weights: Sequence[int], capacity: int, sets_max: int) -> list[tuple[int, ...]] | None:
    """Every non-empty set of items, in order, whose weights add up to at most the capacity; None where there are too many."""
    found: list[tuple[int, ...]] = []
    open_: list[tuple[tuple[int, ...], int]] = [((), capacity)]
    while open_:
        chosen, room = open_.pop()
        for item in range(chosen[-1] + 1 if chosen else 0, len(weights)):
            if weights[item] <= room:
                found.append((*chosen, item))
                open_.append((found[-1], room - weights[item]))
                if len(found) > sets_max:
                    return None
    return sorted(found)


def covering(
    sets: Sequence[Sequence[int]], costs: Sequence[Exact], items: int, penalty: Exact, extra_qubits: int = 0
) -> tuple[QuboBuilder, tuple[Group, ...]]:
    """A qubit a set: the costs of the chosen sets, and the penalty times (times covered - 1) squared for each item."""
    builder = QuboBuilder(len(sets) + extra_qubits)
    holding: list[list[int]] = [[] for _ in range(items)]
    for place, (members, cost) in enumerate(zip(sets, costs, strict=True)):
        builder.add_linear(place, cost)
        for item in members:
            holding[item].append(place)
    return builder, add_groups(builder, holding, penalty)


def parts(sets: Sequence[Sequence[int]], bits: Sequence[int], items: int) -> list[list[int]]:
    """The chosen sets as a partition of the items: one that is covered twice stays in the first, one that is not is alone."""
    left, found = set(range(items)), list[list[int]]()
    for members, bit in zip(sets, bits, strict=False):
        if bit:
            found.append([item for item in members if item in left])
            left -= set(members)
    return [part for part in found if part] + [[item] for item in sorted(left)]
