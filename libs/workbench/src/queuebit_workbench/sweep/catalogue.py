"""A folder of published instances: a folder a family, each with a best_known.json that says what is known of each instance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CATALOGUE = "best_known.json"


@dataclass(frozen=True, slots=True)
class Reading:
    """What instances of a family ask: the kind, and which `problem` of the catalogue means it, if the family has several."""

    family: str
    kind: str
    problem: str = ""


READINGS = (
    Reading("assignment", "assignment", "linear"),
    Reading("assignment", "generalised_assignment", "generalised"),
    Reading("assignment", "quadratic_assignment", "quadratic"),
    Reading("binpacking", "bin_packing"),
    Reading("clique_mis", "max_clique", "max clique"),
    Reading("clique_mis", "max_independent_set", "max independent set"),
    Reading("cvrp", "cvrp"),
    Reading("graph_coloring", "graph_colouring"),
    Reading("jobshop", "job_shop"),
    Reading("knapsack", "knapsack", "0/1"),
    Reading("knapsack", "multi_knapsack", "multi"),
    Reading("knapsack", "quadratic_knapsack", "quadratic"),
    Reading("maxcut", "maxcut"),
    Reading("molecules", "expectation"),
    Reading("portfolio", "portfolio"),
    Reading("qasm", "circuit_sampling"),
    Reading("qubo", "qubo"),
    Reading("tsp", "tsp"),
)


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance and what is known of it. `kind` is None where nobody knows how to read its family.

    `best` is the best known objective, or the energy of a molecule; None for circuits, which have a `distribution`. `proven`
    says that no answer is better. `tolerance` is how far apart two values may be that are the same. `valid` is False for files
    that must be refused.
    """

    family: str
    name: str
    path: Path
    kind: str | None
    size: int
    best: float | None
    proven: bool
    tolerance: float
    distribution: Mapping[str, float] | None = None
    valid: bool = True
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.family}/{self.name}"


def instances(data: Path, family: str | None = None) -> Iterator[Instance]:
    """All instances of the folder, or of one family, small ones first in each family. Raises FileNotFoundError."""
    folders = sorted(path.parent for path in data.glob(f"{family or '*'}/{CATALOGUE}"))
    if not folders:
        raise FileNotFoundError(f"There is no {CATALOGUE} in {data / (family or '*')}.")
    for folder in folders:
        entries: dict[str, dict[str, Any]] = json.loads((folder / CATALOGUE).read_text(encoding="utf-8"))
        found = [instance_of(folder, name, entry) for name, entry in entries.items()]
        yield from sorted(found, key=lambda one: (one.size, one.name))


def instance_of(folder: Path, name: str, entry: Mapping[str, Any]) -> Instance:
    """An entry of a catalogue."""
    value = entry.get("value")
    distribution = entry.get("distribution")
    number = float(value) if isinstance(value, int | float) and distribution is None else None
    stated = "tolerance" in entry or "tolerance_relative" in entry
    tolerance = float(entry.get("tolerance", 0)) + float(entry.get("tolerance_relative", 0)) * abs(number or 0)
    return Instance(
        family=folder.name,
        name=name,
        path=folder / entry["file"],
        kind=_kind_of(folder.name, str(entry.get("problem", ""))),
        size=int(entry.get("n") or 0),
        best=number,
        proven=entry.get("optimal") is True,
        tolerance=tolerance if stated else _rounding(number),
        distribution=distribution,
        valid=entry.get("valid", True) is not False,
        about=entry,
    )


def _kind_of(family: str, problem: str) -> str | None:
    found = [one for one in READINGS if one.family == family and problem.startswith(one.problem)]
    return found[0].kind if found else None


def _rounding(value: float | None) -> float:
    """Published decimals are rounded: half of the last digit that is stated, at least what floating point loses."""
    if value is None or value.is_integer():
        return 0.0
    decimals = len(repr(value).partition(".")[2]) if "e" not in repr(value) else 17
    return max(0.51 * 10.0**-decimals, 1e-9 * abs(value))
