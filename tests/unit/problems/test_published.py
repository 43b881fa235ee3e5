"""The published instances of the shared data are read, recognised, and have their best known values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from queuebit_problems.encoding.qubo import exact
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Answer
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.published import SHARED, beside

Entry = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """Where the instances of a kind are: a folder, the `problem` of its catalogue, and how a witness becomes an answer."""

    kind: str
    folder: str
    problem: str | None
    answer: Callable[[Entry, Any], Answer | None]


def _permutation(entry: Entry) -> Answer | None:
    """The published permutation, or its inverse where the file follows the other convention."""
    if "optimal_permutation_1_based" in entry:
        return {"permutation": [place - 1 for place in entry["optimal_permutation_1_based"]]}
    if "witness" not in entry:
        return None
    numbers = [int(token) for token in (SHARED / "assignment" / entry["witness"]).read_text().replace(",", " ").split()]
    found = [place - 1 for place in numbers[2:]]
    if entry["published_permutation_convention"] != "sum A[i][j]*B[p(i)][p(j)]":
        found = [found.index(place) for place in range(len(found))]
    return {"permutation": found}


def _published_routes(entry: Entry) -> Answer | None:
    """The routes of the .sol file, whose customer c is node c + 1; of E-n30-k3 those within its vehicles.

    Of derived instances the catalogue only says who rides together, in no order; those are enumerated.
    """
    if "optimal_routes" in entry:
        return None
    if "cost_without_vehicle_limit_found" in entry and entry["cost_without_vehicle_limit_found"] != entry["value"]:
        found = _catalogue("cvrp", "witnesses.json")[Path(entry["file"]).stem]
    else:
        lines = (SHARED / "cvrp" / entry["witness"]).read_text().splitlines()
        found = [[int(c) for c in line.partition(":")[2].split()] for line in lines if line.startswith("Route")]
    return {"routes": [[customer + 1 for customer in route] for route in found]}


def _selection(entry: Entry) -> Answer | None:
    if "optimal_selection_0_based" not in entry:
        return None
    return {"select": [int(asset in entry["optimal_selection_0_based"]) for asset in range(entry["n"])]}


FAMILIES = [
    Family("max_clique", "clique_mis", "max clique", lambda _, found: found and {"nodes": found}),
    Family("max_independent_set", "clique_mis", "max independent set", lambda _, found: found and {"nodes": found}),
    Family("graph_colouring", "graph_coloring", None, lambda _, found: found and {"colour": found}),
    Family("tsp", "tsp", None, lambda entry, found: {"tour": found or entry["optimal_tour_1_based"]}),
    Family("cvrp", "cvrp", None, lambda entry, _: _published_routes(entry)),
    Family("job_shop", "jobshop", None, lambda _, found: found and {"start": found}),
    Family("bin_packing", "binpacking", None, lambda _, __: None),
    Family("assignment", "assignment", "linear", lambda _, found: found and {"assigned_to": found}),
    Family("multi_knapsack", "knapsack", "multi", lambda _, __: None),
    Family(
        "quadratic_knapsack",
        "knapsack",
        "quadratic",
        lambda _, found: found and {"take": [int(bit) for bit in found]},
    ),
    Family("generalised_assignment", "assignment", "generalised", lambda _, __: None),
    Family("portfolio", "portfolio", None, lambda entry, _: _selection(entry)),
    Family("quadratic_assignment", "assignment", "quadratic", lambda entry, _: _permutation(entry)),
]


def _catalogue(folder: str, name: str) -> dict[str, Any]:
    path = SHARED / folder / name
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


PUBLISHED = [
    (family, name, entry)
    for family in FAMILIES
    for name, entry in _catalogue(family.folder, "best_known.json").items()
    if family.problem is None or entry.get("problem", "").startswith(family.problem)
]
needs_shared = pytest.mark.skipif(not PUBLISHED, reason="the shared data folder is not there (QUEUEBIT_SHARED_DATA)")


@needs_shared
@pytest.mark.parametrize(("family", "name", "entry"), PUBLISHED, ids=[name for _, name, _ in PUBLISHED])
def test_a_published_instance_has_its_best_known_value(family: Family, name: str, entry: Entry) -> None:
    kind, path = optimisation_of(family.kind), SHARED / family.folder / entry["file"]
    problem = read_problem(
        path.read_text(), file_name=path.name, kind=family.kind if kind.bare else None, beside=beside(path.parent)
    )
    statement = kind.parse(problem.statement)
    value = Fraction(exact(entry["value"]))
    tolerance = Fraction(repr(entry.get("tolerance", 0))) + value * Fraction(repr(entry.get("tolerance_relative", 0)))

    assert problem.kind == family.kind
    assert kind.size(statement).variables == entry["n"]
    answer = family.answer(entry, _catalogue(family.folder, "witnesses.json").get(name))
    if answer is not None:
        assert (kind.answer_errors(statement, answer), kind.violations(statement, answer)) == ([], [])
        assert abs(exact(kind.objective(statement, answer)) - value) <= tolerance
    bound = exact(kind.trivial_bound(statement))
    assert bound >= value - tolerance if kind.sense == "max" else bound <= value + tolerance
    default = kind.default_answer(statement)
    if default is not None:
        assert (kind.answer_errors(statement, default), kind.violations(statement, default)) == ([], [])
        reach = float(value + tolerance if kind.sense == "max" else value - tolerance)
        assert not entry["optimal"] or not kind.better(kind.objective(statement, default), reach)
    found = kind.enumerated(statement) if entry["n"] <= 12 else None
    if found is not None:
        assert abs(exact(found.objective) - value) <= tolerance
