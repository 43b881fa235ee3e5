"""Instances have their stated values: those that come with the package, and those of the shared data where it is there."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.resources import files
from typing import Any

import pytest

from queuebit_problems import instances
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import UnknownInstance
from queuebit_problems.files import read_problem
from queuebit_problems.instances.generate import KNAPSACK_RECIPES, knapsack_text
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.published import SHARED
from tests.unit.problems.statements import KEYS


def published(kind: str) -> dict[str, Any]:
    catalogue = SHARED / kind / "best_known.json"
    if not catalogue.exists():
        return {}
    entries: dict[str, Any] = json.loads(catalogue.read_text())
    return {name: entry for name, entry in entries.items() if entry.get("problem", "0/1 knapsack") == "0/1 knapsack"}


PUBLISHED = [(kind, name, entry) for kind in KEYS for name, entry in published(kind).items()]
needs_shared = pytest.mark.skipif(not PUBLISHED, reason="the shared data folder is not there (QUEUEBIT_SHARED_DATA)")


@pytest.mark.parametrize("name", [name for name in instances.names() if instances.kind(name) != "expectation"])
def test_an_instance_is_read_recognised_and_has_its_best_known_value(name: str) -> None:
    kind_name, text, best_known = instances.load(name)
    problem = read_problem(text, file_name=instances.file_name(name))
    kind = optimisation_of(kind_name)
    statement = kind.parse(problem.statement)

    found = kind.enumerated(statement)
    quick = kind.heuristic(statement, 1)

    assert problem.kind == kind_name
    assert (found is None) == (kind.size(statement).variables > 24)
    if found is not None:
        assert found.objective == best_known == kind.objective(statement, found.answer)
    assert quick is not None
    assert not kind.better(kind.objective(statement, quick), best_known)


def test_there_are_instances_of_every_kind_with_licences() -> None:
    folder = files(instances)

    assert [len(instances.names(kind)) for kind in ("maxcut", "qubo", "knapsack", "expectation")] == [7, 6, 8, 6]
    for licence in ("LICENCES.md", "LICENSE.Apache-2.0", "LICENSE.OR-Library", "LICENSE.openising"):
        assert folder.joinpath(licence).read_text(encoding="utf-8")


def test_an_unknown_instance_is_refused_with_the_names() -> None:
    with pytest.raises(UnknownInstance) as refused:
        instances.load("mc_nowhere")

    assert "mc_008_003_000" in refused.value.remedy


@pytest.mark.parametrize("name", KNAPSACK_RECIPES)
def test_the_generator_repeats_its_instances(name: str) -> None:
    assert instances.load(name).text == knapsack_text(KNAPSACK_RECIPES[name])


@needs_shared
@pytest.mark.parametrize(("kind_name", "name", "entry"), PUBLISHED, ids=[name for _, name, _ in PUBLISHED])
def test_a_published_instance_has_its_best_known_value(kind_name: str, name: str, entry: dict[str, Any]) -> None:
    kind = optimisation_of(kind_name)
    path = SHARED / kind_name / entry["file"]
    statement = kind.parse(read_problem(path.read_text(), file_name=path.name, kind=kind_name).statement)
    value = Fraction(exact(entry["value"]))
    tolerance = Fraction(1, 1000) if isinstance(entry["value"], float) else Fraction(0)

    assert kind.size(statement).variables == entry["n"]
    found = kind.enumerated(statement) if entry["n"] <= 20 else None
    if found is not None:
        assert abs(exact(found.objective) - value) <= tolerance
        assert found.optima == entry.get("n_optimal_assignments", found.optima)
    witness = witnesses(kind_name).get(name)
    if witness is not None:
        answer = {KEYS[kind_name]: [int(bit) for bit in witness]}
        assert kind.answer_errors(statement, answer) == []
        assert abs(exact(kind.objective(statement, answer)) - value) <= tolerance
    bound = exact(kind.trivial_bound(statement))
    assert bound >= value if kind.sense == "max" else bound <= value


def witnesses(kind: str) -> dict[str, Any]:
    path = SHARED / kind / "witnesses.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found
