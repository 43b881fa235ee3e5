"""Nothing of 64 KiB is dear to admit: the cases that once were, and a few hundred of the ten thousand of `make fuzz`."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from queuebit_problems.errors import InvalidStatement, TooManyQubits
from queuebit_problems.kind import Size
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import kind_of, kinds
from queuebit_workbench.fuzz.cases import BYTES_MAX, Case, cases, fitting
from queuebit_workbench.fuzz.meter import UNITS_MAX, Reading, measure, unit_s, work
from queuebit_workbench.fuzz.run import readings
from queuebit_workbench.fuzz.statements import STATEMENTS

COUNT = 240
HEAD = 'OPENQASM 3;include "stdgates.inc";qubit[2] q;'
DEFINED = 'OPENQASM 3;include "qelib1.inc";' + "".join(
    f"gate g{k + 1} a,b{{{'pow(-3) @ ' * (k % 2)}g{k} a,b;g{k} a,b;}}" for k in range(40)
).replace("gate g1 ", "gate g0 a,b{cu(1,2,3,4) a,b;}gate g1 ", 1)


def _nested(deep: int, bits: int, condition: str) -> str:
    return f"{HEAD}bit[{bits}] c;c[0]=measure q[0];" + f"if({condition}){{x q[0];" * deep + "}" * deep


def _circuit(text: str) -> tuple[str, Any]:
    return "circuit_sampling", {"qasm": text}


def _shop(jobs: int, each: int, machines: int, duration: int) -> tuple[str, Any]:
    rows = [[[(job + k) % machines, duration] for k in range(each)] for job in range(jobs)]
    return "job_shop", {"machines": machines, "jobs": rows}


NAMED: dict[str, tuple[str, Any]] = {
    "conditions in conditions": _circuit(_nested(20, 6, "uint[6](c)>31")),
    "conditions that hold for half of the readings": _circuit(_nested(20, 7, "c[0]^c[6]")),
    "conditions in conditions, as deep as they go": _circuit(_nested(20, 3, "c>3")),
    "a loop of wide conditions": _circuit(
        f"{HEAD}bit[1000] c;c[0]=measure q[0];for int i in [0:99998]{{if(c==i)x q[0];}}"
    ),
    "a loop of gates": _circuit(f"{HEAD}bit c;for int i in [0:60000]{{x q[0];}}c=measure q[0];"),
    "a loop of casts in casts": _circuit(f"{HEAD}bit c;for int i in [0:99000]{{if({'int(' * 55}i{')' * 55}<0)x q[0];}}"),
    "a loop around a loop without turns": _circuit(
        f"{HEAD}bit c;for int i in [0:90000]{{for int j in [1:0]{{{'x q[0];' * 4000}}}}}c=measure q[0];"
    ),
    "gates of gates": _circuit(DEFINED + "qubit[2] q;bit c;g40 q[0],q[1];c=measure q[0];"),
    "controls of controls": _circuit(
        "OPENQASM 3;include \"qelib1.inc\";qubit[400] q;bit c;for int i in [0:5000]"
        "{ctrl(6) @ cu(i,2,3,4) q[0],q[1],q[2],q[3],q[4],q[5],q[6],q[7];}c=measure q[0];"
    ),
    "a shop of 500 jobs": _shop(500, 10, 10, 7),
    "a shop of 500 jobs without work": _shop(500, 2, 1, 0),
    "a shop of as many machines": _shop(500, 2, 500, 1),
    "a tour of 2000 places": (
        "tsp", {"metric": "EUC_2D", "coordinates": [[k * 7 % 2003, k * k % 1999] for k in range(2000)]},
    ),
    "a round of 2000 places": (
        "cvrp",
        {"metric": "EUC_2D", "coordinates": [[k % 91, k % 83] for k in range(2000)], "capacity": 9,
         "demands": [0, *[5] * 1999]},
    ),
    "a graph without edges": ("graph_colouring", {"nodes": 5000, "edges": []}),
    "weights of a thousand bits": (
        "multi_knapsack",
        {"capacities": [10**15] * 400, "profits": [1] * 8, "weights": [[5e-324, *[10**15] * 7]] * 400},
    ),
    "an observable that keeps no number": (
        "expectation",
        {
            "observable": {"qubits": 64, "terms": [[k, "".join("XY"[k >> q & 1] for q in range(8)) * 8] for k in range(256)]},
            "particles": [{"qubits": [k], "count": 1} for k in range(64)],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_was_dear_is_cheap(name: str) -> None:
    kind, data = NAMED[name]
    case = Case(0, "statement", kind, data)
    assert case.size_bytes <= BYTES_MAX

    reading = measure(case, unit_s())

    assert reading.sound, reading.outcome
    assert reading.units < UNITS_MAX


def test_hostile_cases_are_cheap_and_refused_by_name() -> None:
    """Whatever is stated, it is admitted or refused with a reason, and takes less than the bar."""
    dear = [
        (each.case.number, each.case.kind, each.outcome, round(each.units))
        for each in readings(cases(seed=20, count=COUNT))
        if each.units > UNITS_MAX or not each.sound
    ]

    assert dear == []


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_case_is_made_however_small_it_is_to_be(name: str) -> None:
    for most in (1, 25, 60, 200):
        for seed in range(30):
            assert STATEMENTS[name](random.Random(seed), most)


def test_a_case_is_the_same_again() -> None:
    first, again = list(cases(3, 60)), list(cases(3, 60))

    assert first == again
    assert list(cases(4, 60)) != first
    assert all(each.size_bytes <= BYTES_MAX for each in first if each.form == "statement")
    assert {each.form for each in first} == {"statement", "file"}
    assert set(STATEMENTS) == set(kinds())


def test_the_meter_tells_more_work_from_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that does the fixed work a few times over is measured as so many units; an error that nobody expects is named."""

    def slow(times: int) -> Reading:
        kind = kind_of("maxcut")
        monkeypatch.setattr(kind, "size", lambda _: [work() for _ in range(times)] and Size(1, 1, 1), raising=False)
        return measure(Case(0, "statement", "maxcut", {"nodes": 1, "edges": []}), unit_s())

    few, many = slow(2), slow(20)
    assert few.outcome == many.outcome == "admitted"
    assert 4 < many.units / few.units < 25

    def fail(_: object) -> Size:
        raise RecursionError

    monkeypatch.setattr(kind_of("maxcut"), "size", fail, raising=False)
    assert not measure(Case(0, "statement", "maxcut", {"nodes": 1, "edges": []}), 1.0).sound


@pytest.mark.parametrize("name", [name for name in kinds() if isinstance(kind_of(name), Optimisation)])
def test_the_qubits_that_are_counted_are_those_of_the_encoding(name: str) -> None:
    """Counted by formulas, without the QUBO: where that is written down it has as many, else it is refused as too large."""
    kind = kind_of(name)
    assert isinstance(kind, Optimisation)
    rng, written, refused = random.Random(name), 0, 0
    for most in (60, 150, 400, 3_000) * 20:
        try:
            statement = kind.parse(json.loads(json.dumps(STATEMENTS[name](rng, most))))
        except InvalidStatement:
            continue
        qubits = kind.size(statement).qubits
        try:
            if qubits <= 150 or qubits > 1_000:
                assert kind.encoding(statement).qubo.n == qubits
                written += 1
        except TooManyQubits:
            assert qubits > 1_000
            refused += 1

    assert written > 3, (written, refused)


@pytest.mark.parametrize("name", [name for name in kinds() if kind_of(name).admission_is_linear])
def test_kinds_whose_admission_is_linear_take_a_small_part_of_the_bar(name: str) -> None:
    """They may be admitted where others wait, so that 64 KiB of hard numbers take a tenth of the bar at the very most."""
    unit = unit_s()
    for seed in range(10):
        case = fitting(Case(seed, "statement", name, STATEMENTS[name](random.Random(seed), BYTES_MAX)), BYTES_MAX)
        assert min(measure(case, unit).units for _ in range(2)) < UNITS_MAX / 10
