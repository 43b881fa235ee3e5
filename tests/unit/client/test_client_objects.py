"""Objects of the field's packages, asymmetric ones, as problems: their own packages say what is right."""

from __future__ import annotations

import itertools
import math
import sys
from typing import Any

import cirq
import dimod
import networkx as nx
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import scipy.sparse as sp  # type: ignore[import-untyped]
from braket.circuits import Circuit as BraketCircuit
from braket.devices import LocalSimulator
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp, Statevector

from queuebit_client.errors import InvalidRequest
from queuebit_client.objects import problem_of
from queuebit_client.request import request_body
from queuebit_problems.measurement import Effort, Measurement
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import kind_of

EFFORT = Effort(10.0, 3)


def asked(thing: Any, kind: str | None = None, **statement: Any) -> tuple[Any, Any]:
    found = problem_of(thing, kind, statement)
    known = kind_of(found["kind"])
    return known, known.parse(found["statement"])


def objective(thing: Any, kind: str | None, answer: dict[str, Any]) -> Any:
    known, statement = asked(thing, kind)
    assert isinstance(known, Optimisation)
    return known.objective(statement, answer)


def exact(thing: Any, **statement: Any) -> dict[str, Any]:
    known, parsed = asked(thing, **statement)
    assert isinstance(known, Measurement)
    found = known.exact(parsed, EFFORT)
    assert found is not None
    return found.answer


def a_graph() -> Any:
    graph = nx.Graph()
    graph.add_weighted_edges_from([("d", "a", 3), ("a", "c", 5), ("c", "d", 7), ("c", "b", 11)])
    return graph


def test_a_graph_is_cut_as_networkx_cuts_it() -> None:
    graph = a_graph()
    for side in itertools.product((0, 1), repeat=4):
        inside = [node for node, one in zip(graph.nodes, side, strict=True) if one]
        theirs = nx.cut_size(graph, inside, weight="weight")
        assert objective(graph, "maxcut", {"side": list(side)}) == theirs


def test_nodes_of_the_other_questions_count_from_one() -> None:
    graph = nx.Graph([("x", "y"), ("y", "z")])

    assert problem_of(graph, "max_independent_set")["statement"] == {"nodes": 3, "edges": [[1, 2], [2, 3]]}
    with pytest.raises(InvalidRequest, match="max_clique has no weights"):
        problem_of(a_graph(), "max_clique")
    with pytest.raises(InvalidRequest, match="needs its kind named"):
        problem_of(graph)


def test_a_directed_graph_is_a_tour_with_its_distances_each_way() -> None:
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((u, v, 10 * u + v) for u, v in itertools.permutations((1, 2, 3), 2))

    assert objective(graph, "tsp", {"tour": [1, 3, 2]}) == 13 + 32 + 21
    graph.remove_edge(1, 2)
    with pytest.raises(InvalidRequest, match="no distance"):
        problem_of(graph, "tsp")


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_a_model_has_the_energies_that_dimod_gives_it(vartype: str) -> None:
    model = dimod.BinaryQuadraticModel(
        {"p": 1.0, "q": -2.0, "r": 0.25}, {("r", "p"): 0.5, ("q", "r"): -3.0}, 0.125, vartype
    )
    low = -1 if vartype == "SPIN" else 0
    for bits in itertools.product((0, 1), repeat=3):
        state = {name: 1 if bit else low for name, bit in zip(model.variables, bits, strict=True)}
        assert objective(model, None, {"x": list(bits)}) == model.energy(state)


def test_tables_keep_rows_and_columns() -> None:
    dense = np.array([[1.0, 2.0, 0.0], [4.0, 0.0, -3.0], [0.0, 0.0, 5.0]])
    for table in (dense, sp.csr_matrix(dense), sp.coo_array(dense), pd.DataFrame(dense, columns=list("zyx"))):
        for bits in itertools.product((0, 1), repeat=3):
            x = np.array(bits)
            assert objective(table, "qubo", {"x": list(bits)}) == x @ dense @ x
        assert objective(table, "assignment", {"assigned_to": [1, 0, 2]}) == 2 + 4 + 5
    with pytest.raises(InvalidRequest, match="weights of both triangles differ"):
        problem_of(dense, "maxcut")
    assert problem_of(np.triu(dense), "maxcut")["statement"]["edges"] == [
        [0, 0, 1.0],
        [0, 1, 2.0],
        [1, 2, -3.0],
        [2, 2, 5.0],
    ]


def test_an_operator_of_qiskit_is_turned_round() -> None:
    operator = SparsePauliOp.from_list([("XIZ", 0.5), ("IIY", -0.25), ("ZZI", 1.5), ("III", 2.0)])

    stated = problem_of(operator)["statement"]["observable"]
    assert stated["terms"] == [[0.5, "ZIX"], [-0.25, "YII"], [1.5, "IZZ"], [2.0, "III"]]
    least = min(np.linalg.eigvalsh(operator.to_matrix()))
    assert exact(operator)["value"] == pytest.approx(least)
    with pytest.raises(InvalidRequest, match="is not real"):
        problem_of(SparsePauliOp("X", 1j))


class QubitOperator:
    """As OpenFermion's: terms by tuples of (qubit, letter)."""

    terms = {((0, "X"), (2, "Z")): 0.5 + 0j, ((1, "Y"),): -0.25, (): 2.0}


QubitOperator.__module__ = "openfermion.ops.operators.qubit_operator"


def test_an_operator_of_openfermion_has_the_letter_of_qubit_0_leftmost() -> None:
    assert problem_of(QubitOperator())["statement"]["observable"] == {
        "qubits": 3,
        "terms": [[0.5, "XIZ"], [-0.25, "IYI"], [2.0, "III"]],
    }


def test_a_sum_of_cirq_has_the_value_that_cirq_gives_it() -> None:
    a, b = cirq.LineQubit.range(2)
    total = 0.5 * cirq.X(a) * cirq.Z(b) - 1.5 * cirq.Z(a) + 0.25 * cirq.Y(b)

    assert exact(total)["value"] == pytest.approx(min(np.linalg.eigvalsh(total.matrix())))
    assert problem_of(total)["statement"]["observable"]["terms"] == [[0.5, "XZ"], [-1.5, "ZI"], [0.25, "IY"]]


def test_circuits_of_three_packages_give_the_same_bits() -> None:
    """Qubit 0 is 1, qubit 1 is 1 in a share of sin(0.2)**2, qubit 2 is 0: read as 0?1 with bit 0 rightmost."""
    theirs = QuantumCircuit(3, 3)
    theirs.x(0)
    theirs.ry(0.4, 1)
    theirs.measure([0, 1, 2], [0, 1, 2])
    q = cirq.LineQubit.range(3)
    google = cirq.Circuit(cirq.X(q[0]), cirq.ry(0.4)(q[1]), cirq.measure(*q, key="m"))
    amazon = BraketCircuit().x(0).ry(1, 0.4).i(2)
    local = LocalSimulator().run(amazon, shots=4000).result().measurement_counts

    for circuit in (theirs, google, amazon):
        counts = exact(circuit, shots=4000)["counts"]
        assert set(counts) <= {"001", "011"}
        assert counts["011"] / 4000 == pytest.approx(math.sin(0.2) ** 2, abs=0.02)
        assert {key[::-1] for key in counts} == set(local)


def test_pubs_are_those_that_qiskit_runs() -> None:
    first, second = Parameter("θ[0]"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.ry(first, 0)
    circuit.cx(0, 1)
    circuit.rz(second, 1)
    circuit.h(0)
    observables = [[SparsePauliOp("IZ")], [SparsePauliOp.from_list([("XI", 0.5), ("ZY", -2.0)])]]
    angles = np.array([[0.1, 0.2], [0.7, 1.1], [2.0, -0.4]])
    pubs: list[Any] = [(circuit, observables, angles), (circuit, "XX", angles[0])]

    results = exact(pubs)["results"]

    theirs = StatevectorEstimator().run(pubs, precision=0.0).result()
    for own, other in zip(results, theirs, strict=True):
        assert [each["value"] for each in own] == pytest.approx(np.ravel(other.data.evs).tolist(), abs=1e-9)


def test_pubs_of_a_sampler_have_their_shots_and_parameters() -> None:
    angle = Parameter("a")
    circuit = QuantumCircuit(2, 2)
    circuit.rx(angle, 1)
    circuit.measure([0, 1], [0, 1])

    [found] = exact([(circuit, [[0.0], [math.pi]], 25)])["results"]

    assert found == [{"counts": {"00": 25}, "shots": 25}, {"counts": {"10": 25}, "shots": 25}]
    state = Statevector(circuit.remove_final_measurements(inplace=False).assign_parameters([math.pi]))
    assert set(state.sample_counts(9)) == {"10"}


def test_parameters_may_have_any_names_and_come_by_them() -> None:
    first, second = Parameter("a"), Parameter("p0")
    circuit = QuantumCircuit(2, 2)
    circuit.rx(first, 0)
    circuit.rx(second, 1)
    bare = circuit.copy()
    circuit.measure([0, 1], [0, 1])

    for values in ({first: [0.0, math.pi], second: [math.pi, 0.0]}, {("p0", "a"): [[math.pi, 0.0], [0.0, math.pi]]}):
        [found] = exact([(circuit, values, 9)])["results"]
        assert [each["counts"] for each in found] == [{"10": 9}, {"01": 9}]
    [[value]] = exact([(bare, {"IZ": 1.0, "ZI": 0.25}, [0.0, math.pi])])["results"]
    assert value["value"] == pytest.approx(1 - 0.25)


def test_what_a_package_cannot_say_is_refused_in_a_sentence() -> None:
    twice = nx.MultiGraph([(0, 1, {"weight": 5}), (0, 1, {"weight": 2})])
    part = QuantumCircuit(1, name="part")
    whole = QuantumCircuit(1, 1)
    whole.append(part.to_instruction(), [0])

    with pytest.raises(InvalidRequest, match="several distances"):
        problem_of(twice, "tsp")
    with pytest.raises(InvalidRequest, match="has constraints"):
        problem_of(dimod.QuadraticModel())
    with pytest.raises(InvalidRequest, match="cannot write the circuit"):
        problem_of(whole)


def test_a_request_holds_the_problem_and_says_what_it_cannot_take() -> None:
    body = request_body(a_graph(), kind="maxcut", seed=3)

    assert (body["seed"], body["problem"]["kind"]) == (3, "maxcut")
    with pytest.raises(InvalidRequest, match="A int is no problem"):
        request_body(7)
    with pytest.raises(InvalidRequest, match="says itself of which kind"):
        request_body({"kind": "maxcut"}, kind="tsp")


def test_the_client_imports_none_of_them() -> None:
    import subprocess

    packages = ("networkx", "dimod", "numpy", "scipy", "pandas", "qiskit", "cirq", "braket")
    code = f"import queuebit_client.objects, queuebit_client.request, sys; print([p for p in {packages} if p in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
