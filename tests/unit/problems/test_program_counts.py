"""What a binary program costs as a QUBO is counted before anything of it is written down."""

from __future__ import annotations

import random
from typing import Any

import pytest

from queuebit_problems.errors import TooManyQubits
from queuebit_problems.kinds.binary import binary_program_encoding
from queuebit_problems.kinds.binary.binary_program_encoding import Penalty, counts_of, plan_of
from queuebit_problems.registry import optimisation_of

SIDES = ((None, 1), (0, None), (1, 1), (0, 2), (-1, 0), (1, 2), (None, 0.5), (9, None))


def a_program(rng: random.Random) -> Any:
    lows = [rng.choice((0, 0, -2, 1)) for _ in range(rng.randint(1, 5))]
    variables = [
        {"name": f"x{k}", "lower": low, "upper": low + rng.choice((0, 1, 1, 2, 5))} for k, low in enumerate(lows)
    ]
    constraints: list[dict[str, Any]] = []
    for _ in range(3):
        chosen = rng.sample(range(len(lows)), rng.randint(1, len(lows)))
        low, high = rng.choice(SIDES)
        terms = [[k, rng.choice((1, 1, -1, 2, 0, -2, 0.5))] for k in chosen]
        constraints.append({"terms": terms, "lower": low, "upper": high})
    statement: Any = optimisation_of("binary_program").parse({"variables": variables, "constraints": constraints})
    return statement.program


def pairs(one: Penalty) -> int:
    return int((len(one.pairs) or len(one.terms) + len(one.slack)) ** 2 // 2)


def test_the_counts_are_those_of_the_plan() -> None:
    rng = random.Random(5)
    for _ in range(300):
        program = a_program(rng)
        plan = plan_of(program)

        assert counts_of(program) == (plan.qubits, sum(map(pairs, plan.penalties)))


def test_what_is_too_large_is_refused_without_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = optimisation_of("binary_program")
    variables = [{"name": f"x{k}", "lower": -(10**9), "upper": 10**9} for k in range(40)]
    statement = kind.parse({"variables": variables, "linear": [[0, 1]]})
    monkeypatch.delattr(binary_program_encoding, "plan_of")

    assert kind.size(statement).qubits == 40 * 31
    with pytest.raises(TooManyQubits, match="needs 1240 qubits"):
        kind.encoding(statement)
