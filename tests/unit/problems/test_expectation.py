"""Expectation values: molecules have their energies, qubits their order, searches their bound, and false values are caught."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from queuebit_circuits.errors import UnfitCircuit
from queuebit_problems import instances
from queuebit_problems.errors import InvalidStatement
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.circuits.expectation import KIND
from queuebit_problems.kinds.circuits.expectation_statement import ExpectationStatement
from queuebit_problems.measurement import Effort, Measured, Step
from queuebit_problems.measuring.exact_device import ExactDevice
from tests.unit.problems.published import SHARED

EFFORT = Effort(60, 7)
MOLECULES = instances.names("expectation")
BELL = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; ry(0.6) q[0]; cx q[0],q[1]; x q[1];'


def measured(
    statement: ExpectationStatement, effort: Effort = EFFORT, stop: bool = False
) -> tuple[Measured, list[Step]]:
    steps: list[Step] = []
    return KIND.measure(statement, ExactDevice(), effort, steps.append, lambda: stop), steps


def molecule(name: str, **params: Any) -> ExpectationStatement:
    return KIND.parse(read_problem(instances.load(name).text, params=params).statement)


def circuit(observable: list[list[Any]], shots: int | None = None, text: str = BELL) -> ExpectationStatement:
    return KIND.parse({"observable": {"qubits": 2, "terms": observable}, "circuit": text, "shots": shots})


def failed(statement: ExpectationStatement, answer: dict[str, Any]) -> list[str]:
    return [test.name for test in KIND.examine(statement, answer).tests if not test.passed]


@pytest.mark.parametrize("name", [*MOLECULES[:-1], pytest.param(MOLECULES[-1], marks=pytest.mark.slow)])
def test_a_molecule_has_its_energy_by_diagonalisation_and_by_search(name: str) -> None:
    statement, best_known = molecule(name), instances.load(name).best_known

    exact = KIND.exact(statement, EFFORT)
    found, steps = measured(statement)
    examined = KIND.examine(statement, found.answer)

    assert exact is not None
    assert exact.answer == {"value": pytest.approx(best_known, abs=1e-9), "std_error": 0.0, "unit": "hartree"}
    assert exact.proven_optimal
    assert exact.bound is not None
    assert exact.bound <= exact.answer["value"] == exact.objective
    assert found.answer["value"] == pytest.approx(best_known, abs=1e-6) == found.objective
    assert found.iterations == len(steps) <= 15 * (1 + found.evidence["restarts"])
    assert found.evidence["converged"]
    assert (examined.exact, examined.proved, examined.objective) == (True, True, found.objective)
    assert all(test.passed for test in examined.tests)
    assert KIND.answer_errors(statement, json.loads(json.dumps(found.answer))) == []


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "molecules").exists(), reason="the shared data folder is not there")
def test_every_published_molecule_has_its_energy() -> None:
    entries = json.loads((SHARED / "molecules" / "best_known.json").read_text())
    for name, entry in entries.items():
        text = (SHARED / "molecules" / entry["file"]).read_text()
        statement = KIND.parse(read_problem(text, file_name=f"{name}.json").statement)

        exact = KIND.exact(statement, EFFORT)
        found, _ = measured(statement)

        assert exact is not None
        assert exact.answer["value"] == pytest.approx(entry["value"], abs=entry["tolerance"]), name
        assert found.answer["value"] == pytest.approx(entry["value"], abs=entry["tolerance"]), name
        if "fci" in entry:
            full = KIND.exact(KIND.parse(read_problem(text, params={"hamiltonian": "jordan_wigner"}).statement), EFFORT)
            assert full is not None
            assert full.answer["value"] == pytest.approx(entry["fci"], abs=entry["tolerance"]), name


@pytest.mark.slow
def test_a_second_layer_brings_all_electrons_of_four_atoms_to_their_energy() -> None:
    statement = molecule("h004_chain_000_75", hamiltonian="jordan_wigner")

    found, _ = measured(statement)

    assert found.answer["value"] == pytest.approx(-2.145110647186226, abs=1e-6)
    assert found.evidence["layers"] == 2


def test_a_sector_is_kept_where_its_energy_is_not_the_least_of_all() -> None:
    statement = KIND.parse(
        {
            "observable": {"qubits": 2, "terms": [[0.5, "XX"], [0.5, "YY"], [3, "ZI"], [3, "IZ"]]},
            "particles": [{"qubits": [0, 1], "count": 1}],
        }
    )
    free = KIND.parse({"observable": statement.observable.model_dump(mode="json")})

    kept, least = KIND.exact(statement, EFFORT), KIND.exact(free, EFFORT)

    assert kept is not None
    assert least is not None
    assert (round(kept.answer["value"], 9), round(least.answer["value"], 9)) == (-1.0, -6.0)
    assert measured(statement)[0].answer["value"] == pytest.approx(-1.0, abs=1e-6)
    assert failed(statement, {"value": -6.0, "std_error": 0.0, "unit": ""}) == ["variational_bound"]


def test_a_search_repeats_and_says_how_far_it_is() -> None:
    statement = molecule("h004_chain_000_75", shots=500)

    (first, steps), (second, _) = measured(statement), measured(statement)

    assert first == second != measured(statement, Effort(60, 8))[0]
    assert first.answer["std_error"] > 0
    assert first.shots == 500 * 3 * first.evidence["circuits"]
    assert [step.iterations for step in steps] == list(range(len(steps)))


@pytest.mark.parametrize("seed", range(5))
def test_a_sampled_search_comes_close_and_passes_its_tests(seed: int) -> None:
    statement = molecule("H2_sto-3g_0.7414", shots=4000)

    found, _ = measured(statement, Effort(60, seed))

    examined = KIND.examine(statement, found.answer)
    assert [test.name for test in examined.tests] == ["range", "value", "std_error", "variational_bound"]
    assert all(test.passed for test in examined.tests)
    assert abs(found.answer["value"] - instances.load("H2_sto-3g_0.7414").best_known) < 0.02
    assert not examined.proved


def test_a_search_that_is_stopped_answers_with_its_start() -> None:
    statement = molecule("h004_chain_000_75")

    found, _ = measured(statement, stop=True)

    assert found.answer["value"] == pytest.approx(-2.103290822999875, abs=1e-9)
    assert (found.evidence["converged"], found.evidence["calls"]) == (False, 1)
    assert failed(statement, found.answer) == []


def test_a_hardware_efficient_search_finds_a_chain() -> None:
    terms = [[-1, "ZZI"], [-1, "IZZ"], [-0.8, "XII"], [-0.8, "IXI"], [-0.8, "IIX"]]
    statement = KIND.parse({"observable": {"qubits": 3, "terms": terms}})
    exact = KIND.exact(statement, EFFORT)

    found, _ = measured(statement)

    assert exact is not None
    assert found.evidence["ansatz"] == "hardware_efficient"
    assert found.answer["value"] == pytest.approx(exact.answer["value"], abs=1e-4)


def test_the_order_of_qubits_is_that_of_the_circuit() -> None:
    excited = circuit([[1, "ZI"], [10, "IZ"]], text='OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; x q[0];')
    turned = circuit([[1, "IZ"], [10, "ZI"]], text='OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; x q[0];')

    right, wrong = measured(excited)[0].answer, measured(turned)[0].answer

    assert (right["value"], wrong["value"]) == (9.0, -9.0)
    assert (failed(excited, right), failed(excited, wrong)) == ([], ["value"])


def test_a_circuit_has_no_objective_but_an_exact_value() -> None:
    statement = circuit([[0.5, "ZI"], [0.25, "XX"], [2, "II"]])
    value = 2 + 0.5 * math.cos(0.6) + 0.25 * math.sin(0.6)

    found, exact = measured(statement)[0], KIND.exact(statement, EFFORT)

    assert exact is not None
    assert (found.objective, exact.objective, KIND.examine(statement, found.answer).objective) == (None, None, None)
    assert found.answer == exact.answer == {"value": pytest.approx(value), "std_error": 0.0, "unit": ""}


@pytest.mark.parametrize("shots", [2, 10, 100, 10_000])
def test_sampled_values_pass_at_every_number_of_shots(shots: int) -> None:
    statement = circuit([[0.5, "ZI"], [0.25, "XX"], [0.75, "ZZ"], [0.1, "YI"]], shots)

    for seed in range(40):
        answer = measured(statement, Effort(60, seed))[0].answer
        assert failed(statement, answer) == []
    exact = KIND.exact(statement, EFFORT)
    assert exact is not None
    assert failed(statement, exact.answer) == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"value": lambda value: value + 0.1}, ["value"]),
        ({"value": lambda value: value - 0.1}, ["value"]),
        ({"std_error": lambda error: 0.0}, ["std_error"]),
        ({"std_error": lambda error: 20 * error}, ["std_error"]),
        ({"value": lambda value: 9.0}, ["range", "value"]),
    ],
)
def test_a_planted_error_is_caught(changes: dict[str, Any], names: list[str]) -> None:
    statement = circuit([[0.5, "ZI"], [0.25, "XX"], [0.75, "ZZ"], [0.1, "YI"]], 20_000)
    answer = measured(statement)[0].answer

    planted = answer | {key: change(answer[key]) for key, change in changes.items()}

    assert failed(statement, planted) == names


def test_an_energy_below_the_bound_is_caught_and_one_of_other_parameters_too() -> None:
    statement = molecule("h004_chain_000_75")
    answer = measured(statement)[0].answer

    below = {key: answer[key] for key in ("std_error", "unit")} | {"value": answer["value"] - 1e-4}

    assert failed(statement, below) == ["variational_bound"]
    assert failed(statement, answer | {"parameters": [0.3, *answer["parameters"][1:]]}) == ["value"]


def test_too_large_a_problem_is_examined_as_far_as_it_can_be() -> None:
    terms = [[1, "I" * q + "Z" + "I" * (39 - q)] for q in range(40)] + [[0.5, "X" * 40]]
    statement = KIND.parse({"observable": {"qubits": 40, "terms": terms}})

    examined = KIND.examine(statement, {"value": -40.2, "std_error": 0.0, "unit": ""})

    assert KIND.exact(statement, EFFORT) is None
    assert (examined.exact, [(test.name, test.passed) for test in examined.tests]) == (False, [("range", True)])


def test_a_circuit_that_no_lane_can_run_is_refused_by_its_line() -> None:
    wide = 'OPENQASM 3.0; include "stdgates.inc";\nqubit[40] q; h q;'

    with pytest.raises(
        InvalidStatement, match="/circuit: line 2, column 11: the circuit has 40 qubits; no lane runs more"
    ):
        KIND.parse({"observable": {"qubits": 40, "terms": [[1, "Z" * 40]]}, "circuit": wide})


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"circuit": "OPENQASM 2.0; qreg q[2]; creg c[2]; measure q -> c;"}, "/circuit"),
        ({"circuit": "OPENQASM 2.0; qreg q[3];"}, "/circuit"),
        ({"circuit": "OPENQASM 2.0; qreg q[2]; hadamard q[0];"}, "/circuit"),
        ({"circuit": BELL, "particles": [{"qubits": [0, 1], "count": 1}]}, "/particles"),
        ({"circuit": BELL, "ansatz": "hardware_efficient"}, "/ansatz"),
        ({"circuit": BELL, "layers": 2}, "/layers"),
        ({"ansatz": "particle_conserving"}, "/ansatz"),
        ({"ansatz": "guess"}, "/ansatz"),
        ({"layers": 0}, "/layers"),
        ({"shots": 1}, "/shots"),
        ({"shots": 10**7}, "/shots"),
        ({"angles": []}, "/angles"),
    ],
)
def test_a_wrong_statement_is_refused_by_field(changes: dict[str, Any], pointer: str) -> None:
    stated = {"observable": {"qubits": 2, "terms": [[1, "ZZ"]]}, **changes}

    with pytest.raises(InvalidStatement) as refused:
        KIND.parse(stated)

    assert [field.pointer for field in refused.value.fields] == [f"/problem/statement{pointer}"]


def test_an_ansatz_of_too_many_parameters_is_refused() -> None:
    statement = KIND.parse({"observable": {"qubits": 64, "terms": [[1, "Z" * 64]]}, "layers": 20})

    with pytest.raises(UnfitCircuit, match="1344 parameters"):
        measured(statement)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"value": None}, "/value"),
        ({"value": True}, "/value"),
        ({"value": math.nan}, "/value"),
        ({"std_error": -1.0}, "/std_error"),
        ({"bias_max": -1.0}, "/bias_max"),
        ({"unit": "eV"}, "/unit"),
        ({"parameters": [0.0]}, "/parameters"),
        ({"parameters": "0"}, "/parameters"),
        ({"parameters": [0.0, math.inf]}, "/parameters/1"),
    ],
)
def test_an_unreadable_answer_is_named(changes: dict[str, Any], pointer: str) -> None:
    answer = {"value": -1.0, "std_error": 0.0, "unit": "hartree", **changes}

    assert [error.pointer for error in KIND.answer_errors(KIND.example(), answer)] == [pointer]
    assert KIND.answer_errors(KIND.example(), {})[0].pointer == "/value"
