"""Bounds on quadratic assignment: Gilmore and Lawler's, raised by moving costs between pairs of choices.

After Hahn and Grant. A choice is a facility at a location. What a permutation costs is a constant (`bound`), plus a cost for
each choice that it makes (`choices`), plus one for each two of them (`pairs`). Costs move between these, which changes the cost
of no permutation, and none is ever negative: the constant is a bound. Integers throughout. Imports numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from queuebit_classical_solver.searches.quadratic_assignment.prices import Costs, Mask, Places, Spend, reduced
from queuebit_classical_solver.searches.quadratic_assignment.symmetries import Automorphism, orbits

NEVER = 1 << 48
"""The cost of what is not chosen: two choices in one row or column, or what leads to nothing better."""
TOTAL_MAX = NEVER >> 4
MOVE_UNITS = 12.0
"""What an entry counts each time that costs are moved, beside the assignment problems."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some facilities have their locations: `place` of each, -1 where it has none. `facilities` and `locations` are free.

    The moves are automorphisms of the flows and of the distances that leave what is taken where it is.
    """

    place: tuple[int, ...]
    facilities: tuple[int, ...]
    locations: tuple[int, ...]
    flow_moves: tuple[Automorphism, ...]
    distance_moves: tuple[Automorphism, ...]

    def placed(self, facility: int, location: int) -> Part:
        """The same with one facility more."""
        place = list(self.place)
        place[facility] = location
        return Part(
            place=tuple(place),
            facilities=tuple(i for i in self.facilities if i != facility),
            locations=tuple(k for k in self.locations if k != location),
            flow_moves=tuple(move for move in self.flow_moves if move[facility] == facility),
            distance_moves=tuple(move for move in self.distance_moves if move[location] == location),
        )


@dataclass(frozen=True, slots=True)
class Nodes:
    """Open parts of a search, all with m facilities free: bound (count), choices (count, m, m), pairs (count, m, m, m, m).

    The cost of a pair stands at [facility, location, facility, location], the same both ways round.
    """

    parts: tuple[Part, ...]
    bound: Costs
    choices: Costs
    pairs: Costs

    def taken(self, at: Places) -> Nodes:
        """Those of the nodes, in that order."""
        return Nodes(tuple(self.parts[i] for i in at), self.bound[at], self.choices[at], self.pairs[at])


def all_placements(flows: NDArray[np.int64], distances: NDArray[np.int64], scale: int, part: Part) -> Nodes:
    """Nothing is placed yet; costs count `scale` times, so that they can be divided."""
    pairs: Costs = np.einsum("ij,kl->ikjl", flows, distances) * scale
    pairs = pairs + pairs.transpose(2, 3, 0, 1)
    choices: Costs = np.outer(flows.diagonal(), distances.diagonal()) * scale
    return Nodes((part,), np.zeros(1, dtype=np.int64), choices[None].copy(), pairs[None].copy())


@cache
def _in_line(m: int) -> tuple[Places, Places]:
    """Where in the flat pairs of m facilities (two choices that share a row or a column, a choice with itself) stand."""
    at = np.arange(m)
    barred = np.zeros((m, m, m, m), dtype=np.bool_)
    barred[at, :, at, :] = True
    barred[:, at, :, at] = True
    return np.flatnonzero(barred), np.arange(m * m) * (m * m + 1)


def raised(nodes: Nodes, limit: int, spend: Spend) -> tuple[Nodes, Costs]:
    """One round: (the nodes that may still lead to `limit` or less, by how much the bound of each was raised).

    The nodes given are used up, whatever happens.
    """
    bound, choices, pairs = nodes.bound, nodes.choices, nodes.pairs
    count, m, _ = choices.shape
    _spread(pairs, choices, limit - bound)
    spend(MOVE_UNITS * pairs.size)
    half = pairs >> 1
    pairs &= 1
    choices += reduced(half.reshape(-1, m, m), spend).reshape(count, m, m)
    np.minimum(choices, NEVER, out=choices)
    pairs += half
    pairs += half.transpose(0, 3, 4, 1, 2)
    gain = reduced(choices, spend)
    found = Nodes(nodes.parts, bound + gain, choices, pairs)
    open_ = np.flatnonzero(found.bound <= limit)
    return (found, gain) if len(open_) == count else (found.taken(open_), gain[open_])


def _spread(pairs: Costs, choices: Costs, slack: Costs) -> None:
    """Move the cost of each choice to its pairs with all others. What costs more than the slack is never chosen."""
    count, m, _ = choices.shape
    dear = choices > slack[:, None, None]
    share = choices // (m - 1)
    choices -= share * (m - 1)
    share[dear] = choices[dear] = NEVER
    pairs += share[:, :, :, None, None]
    pairs += share[:, None, None, :, :]
    np.copyto(pairs, NEVER, where=pairs > slack[:, None, None, None, None])
    flat = pairs.reshape(count, -1)
    barred, own = _in_line(m)
    flat[:, barred] = NEVER
    flat[:, own] = 0


def children(nodes: Nodes, chosen: list[list[tuple[int, int]]], limit: int, spend: Spend) -> Nodes | None:
    """Of each node those with one of its chosen (row, column) made, where they may lead to `limit` or less; None if none may.

    Each starts with the costs that its parent came to.
    """
    m = nodes.choices.shape[1]
    others = [np.delete(np.arange(m), i) for i in range(m)]
    made = [(at, row, column) for at, pairs in enumerate(chosen) for row, column in pairs]
    if not made:
        return None
    bound = np.array([nodes.bound[at] + nodes.choices[at, row, column] for at, row, column in made], dtype=np.int64)
    choices = np.empty((len(made), m - 1, m - 1), dtype=np.int64)
    for child, (at, row, column) in enumerate(made):
        left = np.ix_(others[row], others[column])
        choices[child] = nodes.choices[at][left] + nodes.pairs[at, row, column][left]
    np.minimum(choices, NEVER, out=choices)
    bound += reduced(choices, spend)
    open_: Places = np.flatnonzero(bound <= limit)
    if not len(open_):
        return None
    pairs = np.empty((len(open_), m - 1, m - 1, m - 1, m - 1), dtype=np.int64)
    parts: list[Part] = []
    for child, of in enumerate(open_):
        at, row, column = made[of]
        rows, columns = others[row], others[column]
        pairs[child] = nodes.pairs[at][np.ix_(rows, columns, rows, columns)]
        part = nodes.parts[at]
        parts.append(part.placed(part.facilities[row], part.locations[column]))
    return Nodes(tuple(parts), bound[open_], choices[open_], pairs)


def branches(nodes: Nodes, at: int, limit: int) -> list[tuple[int, int]]:
    """The choices of one facility or of one location that must be tried: those that leave least between bound and limit.

    Where an automorphism brings one choice to another, one of them is tried, or none where either cannot lead to `limit`.
    """
    part, slack = nodes.parts[at], int(limit - nodes.bound[at])
    room = np.maximum(slack + 1 - nodes.choices[at], 0)
    rows = _tried(room, _classes(part.facilities, part.flow_moves))
    columns = _tried(room.T, _classes(part.locations, part.distance_moves))
    # Trying a facility's locations leaves out those that distances do not tell apart, and the other way round.
    by_facility, by_location = (room * columns.T).sum(axis=1), (room * rows).sum(axis=0)
    row, column = int(by_facility.argmin()), int(by_location.argmin())
    if by_facility[row] <= by_location[column]:
        return [(row, int(k)) for k in np.flatnonzero(columns.T[row])]
    return [(int(i), column) for i in np.flatnonzero(rows[:, column])]


def _classes(free: tuple[int, ...], moves: tuple[Automorphism, ...]) -> list[list[int]]:
    """Which of the free ones, by their place among these, the moves bring to each other."""
    if not moves:
        return [[at] for at in range(len(free))]
    least = orbits(len(moves[0]), moves)
    classes: dict[int, list[int]] = {}
    for at, place in enumerate(free):
        classes.setdefault(least[place], []).append(at)
    return list(classes.values())


def _tried(room: Costs, classes: list[list[int]]) -> Mask:
    """True where a choice is the first of its class and all of the class have room; classes are of rows."""
    tried = np.zeros(room.shape, dtype=np.bool_)
    for members in classes:
        tried[members[0]] = (room[members] > 0).all(axis=0)
    return tried
