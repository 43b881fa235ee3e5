"""Published circuits have their published distributions; those that are broken as published are refused with the line."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from queuebit_circuits.simulator import Outcomes, outcomes
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.circuits.circuit_sampling import KIND
from queuebit_problems.measuring import goodness_of_fit as fit

CARRIED = files("queuebit_problems.instances").joinpath("circuit_sampling")
DISTRIBUTIONS: dict[str, dict[str, float]] = json.loads(CARRIED.joinpath("distributions.json").read_text())
SHARED = Path(os.environ.get("QUEUEBIT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data")) / "qasm"
CATALOGUE: dict[str, Any] = (
    json.loads((SHARED / "best_known.json").read_text()) if (SHARED / "best_known.json").exists() else {}
)
SEEDS = range(20)


def _outcomes(text: str, name: str) -> Outcomes:
    problem = read_problem(text, file_name=f"{name}.qasm")
    return outcomes(KIND.parse(problem.statement).circuit)


def _has(found: Outcomes, published: dict[str, float]) -> None:
    """The published numbers have twelve digits."""
    assert set(found.as_dict()) == set(published)
    assert found.as_dict() == pytest.approx(published, rel=0, abs=1e-9)
    for seed in SEEDS:
        assert [each for each in fit.tests(found, found.sample(1024, seed)) if not each.passed] == []


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_carried_circuit_has_its_distribution(name: str) -> None:
    _has(_outcomes(CARRIED.joinpath(f"{name}.qasm").read_text(), name), DISTRIBUTIONS[name])


@pytest.mark.skipif(not CATALOGUE, reason="the shared data are not beside this repository")
@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry["valid"]])
def test_a_shared_circuit_has_its_distribution(name: str) -> None:
    entry = CATALOGUE[name]

    _has(_outcomes((SHARED / entry["file"]).read_text(), name), entry["distribution"])


@pytest.mark.skipif(not CATALOGUE, reason="the shared data are not beside this repository")
@pytest.mark.parametrize(
    ("name", "line", "detail"),
    [
        ("vqe_uccsd_n4_INVALID", 225, "'q' is not declared"),
        ("openqasm_missing_semicolon_INVALID", 1, "';' should follow"),
        ("openqasm_adder_INVALID", 34, "a loop variable needs a type, int or uint"),
    ],
)
def test_a_circuit_that_is_broken_as_published_is_refused_with_the_line(name: str, line: int, detail: str) -> None:
    with pytest.raises(UnreadableFile, match=detail) as refused:
        read_problem((SHARED / CATALOGUE[name]["file"]).read_text(), file_name=f"{name}.qasm")

    assert refused.value.line == line


def test_every_shared_circuit_is_tried() -> None:
    broken = {name for name, entry in CATALOGUE.items() if not entry["valid"]}

    assert broken <= {"vqe_uccsd_n4_INVALID", "openqasm_missing_semicolon_INVALID", "openqasm_adder_INVALID"}
