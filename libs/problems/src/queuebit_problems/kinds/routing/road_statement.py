"""Distances between nodes, by the rules of TSPLIB: stated outright, or computed from coordinates. Whole numbers exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.formats.tsplib import NODES_MAX, Metric
from queuebit_problems.keeping.statement import Choice, KeepingStatement, within
from queuebit_problems.numeric import NonNegative, Real, integers

Matrix = tuple[tuple[NonNegative, ...], ...]
Coordinates = tuple[tuple[Real, Real], ...]

GEO_PI = 3.141592
GEO_RADIUS_KM = 6378.388
EXACT_UNIT = 10**9
"""Unrounded distances are kept in this part of one: the sum of a thousand is right to six decimals."""


def _square(distances: Matrix, info: ValidationInfo) -> Matrix:
    """Refuse what does not fit the metric; else the normal form: a diagonal of 0, which nobody travels."""
    if info.data.keys() >= {"metric", "coordinates"}:
        raise_faults("roads", _faults(distances, info.data["metric"], info.data["coordinates"]))
    return tuple((*row[:i], 0, *row[i + 1 :]) for i, row in enumerate(distances))


def _faults(distances: Matrix, metric: str, coordinates: Coordinates) -> Iterator[tuple[Place, str, str]]:
    if metric != "EXPLICIT":
        if distances:
            yield (), "surplus", f"should be left out: {metric} takes the distances from the coordinates"
        if not coordinates:
            yield (), "missing", f"{metric} needs coordinates, of at least one node"
        return
    if coordinates:
        yield (), "surplus", "coordinates should be left out where distances are EXPLICIT"
    if not 1 <= len(distances) <= NODES_MAX:
        yield (), "length", f"should have from 1 to {NODES_MAX} rows, not {len(distances)}"
    for place, row in enumerate(distances):
        if len(row) != len(distances):
            yield (place,), "length", f"should have {len(distances)} distances, not {len(row)}"


class RoadStatement(KeepingStatement):
    """Nodes and the distances between them, either as a matrix or as coordinates with a TSPLIB metric."""

    metric: Annotated[
        Metric,
        Field(
            description="How distances come about: EXPLICIT as the matrix states, else from coordinates as in TSPLIB; "
            "EXACT_2D is not rounded, but kept to nine decimals."
        ),
    ] = "EXPLICIT"
    coordinates: Annotated[
        Coordinates,
        Field(max_length=NODES_MAX, description="[x, y] of each node; for GEO degrees.minutes. None if EXPLICIT."),
    ] = ()
    distances: Annotated[
        Matrix,
        AfterValidator(_square),
        Field(
            validate_default=True,
            description="If EXPLICIT: row i says how far it is from node i to each node; the diagonal is ignored.",
        ),
    ] = ()

    def part_fault(self, part: Choice) -> str | None:
        every = range(1, self.nodes + 1)
        if len(set(part)) < len(part):
            return "should lead to another node"
        if self.symmetric and part[0] > part[-1]:
            return "should name the lower node first, as each way is as long as the way back"
        return within(part, "from, to", every, every)

    @property
    def nodes(self) -> int:
        return len(self.distances) or len(self.coordinates)

    @property
    def plain(self) -> bool:
        """What changes cost is an amount of the distances, and known to all that know these."""
        return self.keep is None or not self.keep.pinned

    @cached_property
    def scaled(self) -> tuple[list[list[int]], int]:
        """The distances as integers, from 0, and their common denominator; the ways that an earlier plan had not are longer by
        what a change costs.
        """
        lengths, unit = self._stated()
        keep = self.keep
        if keep is None or not keep.change_cost:
            return lengths, unit
        cost = Fraction(exact(keep.change_cost))
        common = math.lcm(unit, cost.denominator)
        more, each = int(cost * common), common // unit
        dearer = [[value * each + more for value in row] for row in lengths]
        known = {(a - 1, b - 1) for a, b in keep.before} | {(node, node) for node in range(self.nodes)}
        if self.symmetric:
            known |= {(j, i) for i, j in known}
        for i, j in known:
            dearer[i][j] -= more
        return dearer, common

    def _stated(self) -> tuple[list[list[int]], int]:
        if self.metric == "EXPLICIT":
            flat, denominator = integers(value for row in self.distances for value in row)
            n = self.nodes
            return [flat[i * n : (i + 1) * n] for i in range(n)], denominator
        if self.metric == "GEO":
            return _geographic(self.coordinates), 1
        return _plane(self.coordinates, self.metric), EXACT_UNIT if self.metric == "EXACT_2D" else 1

    @property
    def rounding(self) -> tuple[str, ...]:
        """What is to be said of how the distances were rounded, and what changes add to them."""
        told, cost = _ROUNDING.get(self.metric), 0 if self.keep is None else self.keep.change_cost
        rounded = () if told is None else (f"Distances are {told} ({self.metric}).",)
        return (*rounded, f"Each way that the earlier plan had not is longer by {cost}.") if cost else rounded

    @cached_property
    def symmetric(self) -> bool:
        """Whether each way is as long as the way back."""
        return self.metric != "EXPLICIT" or all(
            row == column for row, column in zip(self.distances, zip(*self.distances, strict=True), strict=True)
        )


_ROUNDING = {
    "EUC_2D": "rounded to the nearest integer, as TSPLIB does",
    "CEIL_2D": "rounded up to integers",
    "FLOOR_2D": "rounded down to integers",
    "EXACT_2D": "not rounded",
    "MAN_2D": "rounded to the nearest integer",
    "MAX_2D": "rounded to the nearest integer",
    "ATT": "rounded as TSPLIB's pseudo-Euclidean ones are",
    "GEO": "whole kilometres on TSPLIB's sphere",
}


def _plane(coordinates: Coordinates, metric: str) -> list[list[int]]:
    points = [(float(x), float(y)) for x, y in coordinates]
    matrix = [[0] * len(points) for _ in points]
    length = _LENGTHS[metric]
    for i, (x, y) in enumerate(points):
        row = matrix[i]
        for j in range(i):
            row[j] = matrix[j][i] = length(abs(x - points[j][0]), abs(y - points[j][1]))
    return matrix


def _nint(value: float) -> int:
    return int(value + 0.5)


def _euclidean(dx: float, dy: float) -> float:
    return math.sqrt(dx * dx + dy * dy)


def _att(dx: float, dy: float) -> int:
    length = math.sqrt((dx * dx + dy * dy) / 10.0)
    return _nint(length) + (_nint(length) < length)


_LENGTHS: dict[str, Callable[[float, float], int]] = {
    "EUC_2D": lambda dx, dy: _nint(_euclidean(dx, dy)),
    "CEIL_2D": lambda dx, dy: math.ceil(_euclidean(dx, dy)),
    "FLOOR_2D": lambda dx, dy: math.floor(_euclidean(dx, dy)),
    "EXACT_2D": lambda dx, dy: round(_euclidean(dx, dy) * EXACT_UNIT),
    "MAN_2D": lambda dx, dy: _nint(dx + dy),
    "MAX_2D": lambda dx, dy: max(_nint(dx), _nint(dy)),
    "ATT": _att,
}
"""The distances of TSPLIB and VRPLIB, in doubles and in the order of TSPLIB's own code: published lengths were counted so."""


def _geographic(coordinates: Coordinates) -> list[list[int]]:
    """TSPLIB's GEO: degrees.minutes on a sphere. Floats, rounded down to whole kilometres as the rule says."""

    def radians(value: float) -> float:
        degrees = int(value)
        return GEO_PI * (degrees + 5.0 * (value - degrees) / 3.0) / 180.0

    places = [(radians(x), radians(y)) for x, y in coordinates]
    matrix = [[0] * len(places) for _ in places]
    for i, (latitude, longitude) in enumerate(places):
        for j in range(i):
            q1 = math.cos(longitude - places[j][1])
            q2 = math.cos(latitude - places[j][0])
            q3 = math.cos(latitude + places[j][0])
            cosine = max(-1.0, min(1.0, 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)))
            matrix[i][j] = matrix[j][i] = int(GEO_RADIUS_KM * math.acos(cosine) + 1.0)
    return matrix
