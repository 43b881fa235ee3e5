"""Ising models become QUBOs of exactly the same energies, however they are stated."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts.jobs import Problem
from queuebit_problems.errors import InvalidStatement, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.registry import optimisation_of, parse_optimisation

QUBO = optimisation_of("qubo")
decimals = st.one_of(st.integers(-(10**9), 10**9), st.integers(-(10**6), 10**6).map(lambda value: value / 1000))


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    spins = draw(st.integers(1, 5))
    pairs = [(i, k) for i in range(spins) for k in range(spins) if i != k]
    chosen = draw(st.lists(st.sampled_from(pairs), unique_by=frozenset)) if pairs else []
    fields = draw(st.lists(st.integers(0, spins - 1), unique=True))
    return {
        "spins": spins,
        "h": [[i, draw(decimals)] for i in fields],
        "J": [[i, k, draw(decimals)] for i, k in chosen],
        "offset": draw(decimals),
    }


def energy(model: dict[str, Any], spins: tuple[int, ...]) -> Fraction:
    """By definition, numbers as their decimal texts."""
    parts = [Fraction(repr(model["offset"]))]
    parts += [Fraction(repr(value)) * spins[i] for i, value in model["h"]]
    parts += [Fraction(repr(value)) * spins[i] * spins[k] for i, k, value in model["J"]]
    return sum(parts, start=Fraction(0))


@given(models())
def test_every_spin_configuration_has_its_energy(model: dict[str, Any]) -> None:
    kind, statement = parse_optimisation(Problem(kind="qubo", version=1, statement=model))

    for spins in product((-1, 1), repeat=model["spins"]):
        found = kind.objective(statement, {"x": [(1 - spin) // 2 for spin in spins]})
        assert Fraction(repr(found)) == energy(model, spins)
    assert kind.parse(statement.model_dump(mode="json")) == statement


TRIANGLE = {"spins": 3, "h": [], "J": [[0, 1, 1], [1, 2, 1], [0, 2, 1]], "offset": 0.5}
"""Three spins that cannot all be opposite: the least energy is -1, and 0.5 on top."""
STATED = QUBO.parse(TRIANGLE).model_dump(mode="json")
BQM = {
    "type": "BinaryQuadraticModel",
    "version": {"bqm_schema": "3.0.0"},
    "use_bytes": False,
    "num_variables": 3,
    "num_interactions": 3,
    "variable_labels": ["a", "b", "c"],
    "variable_type": "SPIN",
    "offset": 0.5,
    "info": {},
    "linear_biases": [0.0, 0.0, 0.0],
    "quadratic_biases": [1.0, 1.0, 1.0],
    "quadratic_head": [0, 1, 0],
    "quadratic_tail": [1, 2, 2],
}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (json.dumps({"kind": "qubo", "statement": TRIANGLE}), None),
        (json.dumps(TRIANGLE), None),
        (json.dumps(TRIANGLE), "qubo"),
        (json.dumps({**TRIANGLE, "h": [0, 0, 0]}), None),
        (json.dumps(BQM), None),
    ],
)
def test_all_forms_state_the_same_problem(text: str, kind: str | None) -> None:
    assert read_problem(text, kind=kind).statement == STATED
    assert QUBO.enumerated(QUBO.parse(STATED)).objective == -0.5  # type: ignore[union-attr]


def test_what_dimod_writes_is_read() -> None:
    dimod = pytest.importorskip("dimod")
    spins = dimod.BinaryQuadraticModel({0: 0.25, 1: -1}, {(0, 1): 2}, 0.5, "SPIN")

    for model in (spins, spins.change_vartype("BINARY", inplace=False)):
        statement = QUBO.parse(read_problem(json.dumps(model.to_serializable())).statement)
        for s in product((-1, 1), repeat=2):
            bits = [(1 - spin) // 2 for spin in s]
            sample = dict(enumerate(s if model.vartype is dimod.SPIN else bits))
            assert QUBO.objective(statement, {"x": bits}) == model.energy(sample)


def test_files_of_spins_and_of_several_problems() -> None:
    ising = read_problem("3 4\n1 2 1\n2 3 1\n1 3 1\n1 1 0.5\n", file_name="glass.ISING").statement
    several = "2\n2 2\n1 1 5\n1 2 -3\n2 1\n1 2 4\n"

    assert ising == QUBO.parse({**TRIANGLE, "h": [[0, 0.5]], "offset": 0}).model_dump(mode="json")
    assert read_problem(several, params={"problem": 1}).statement["terms"] == [[0, 0, -5], [0, 1, 6]]
    assert read_problem(several, params={"problem": 2}).statement["terms"] == [[0, 1, -8]]
    with pytest.raises(UnreadableFile, match="holds 2 problems; choose one"):
        read_problem(several)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"spins": 0}, "/spins"),
    ({"spins": 10_001}, "/spins"),
    ({"h": [1, 2]}, "/h/1"),
    ({"h": [[0, 1], [0, 2]]}, "/h/1"),
    ({"h": [[3, 1]]}, "/h/0"),
    ({"h": [float("nan"), 0, 0]}, "/h/0/1"),
    ({"J": [[0, 0, 1]]}, "/J/0"),
    ({"J": [[0, 3, 1]]}, "/J/0/1"),
    ({"J": [[0, 1, 1], [1, 0, 1]]}, "/J/1"),
    ({"J": [[0, 1, 10**15]]}, "/J"),
    ({"J": [[0, 1, 10**14], [1, 2, 0.001]]}, "/J"),
    ({"temperature": 1}, "/temperature"),
]


@pytest.mark.parametrize(("change", "pointer"), WRONG)
def test_a_wrong_model_is_refused_by_field(change: dict[str, Any], pointer: str) -> None:
    model = {**TRIANGLE, **({"spins": 1, "J": []} if pointer == "/h/1" else {}), **change}

    with pytest.raises(InvalidStatement) as refused:
        QUBO.parse(model)

    assert f"/problem/statement{pointer}" in [field.pointer for field in refused.value.fields]


@pytest.mark.parametrize(
    "change",
    [
        {"use_bytes": True},
        {"linear_biases": [0]},
        {"quadratic_head": [0]},
        {"quadratic_tail": None},
        {"variable_type": "DISCRETE"},
    ],
)
def test_a_broken_model_of_dimod_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(json.dumps({**BQM, **change}), file_name="m.json")

    assert "to_serializable" in refused.value.remedy


def test_the_reading_of_the_answer_is_documented() -> None:
    assert "1 is the spin -1" in QUBO.answer_shape
    assert "x_i = (1 - s_i) / 2" in QUBO.statement.model_json_schema()["description"]


def test_many_terms_are_written_as_rows_and_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = {"variables": 4, "terms": [[2, 1, 2.5], [0, 0, -1], [0, 2, 3]], "offset": 1}
    plain = QUBO.parse(statement)
    monkeypatch.setattr("queuebit_problems.kinds.binary.qubo.ROWS_TERMS_MIN", 3)

    compact = plain.model_dump(mode="json")

    assert compact == {"variables": 4, "rows": [[0, -1, 2, 3], [2, 2.5]], "offset": 1}
    assert QUBO.parse(compact) == plain


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"terms": []}, "/rows"),
        ({"rows": 1}, "/rows"),
        ({"rows": [[1]]}, "/rows/0"),
        ({"rows": [[1, 2], 3]}, "/rows/1"),
        ({"rows": [[], [], []]}, "/rows"),
        ({"rows": [[2, 1]]}, "/terms/0/1"),
        ({"rows": [[1, "x"]]}, "/terms/0/2"),
        ({"rows": [[1, 2], [0, 2]]}, "/terms/1"),
    ],
)
def test_wrong_rows_are_refused_by_place(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        QUBO.parse({"variables": 2, "rows": [], **change})

    assert [field.pointer for field in refused.value.fields] == [f"/problem/statement{pointer}"]
