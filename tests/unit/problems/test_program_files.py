"""Files as programs write them: networkx, qbsolv, dimod, bqpjson, OpenFermion, Qiskit, PennyLane, published solutions."""

from __future__ import annotations

import json
import random
from itertools import product
from typing import Any

import dimod
import networkx
import numpy as np
import pytest
from dimod.serialization import coo
from qiskit.quantum_info import SparsePauliOp

from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.registry import parse_optimisation
from tests.unit.problems.published import SHARED

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared data folder is not there (QUEUEBIT_SHARED_DATA)"
)

GRAPHS = {
    "a.csv": "source,target,weight\n0,1,1\n1,2,2\n0,2,3\n",
    "b.csv": '"0","1",1\n1, 2, 2\n0,2,3\n',
    "a.edgelist": "0 1 1.0\n1 2 2.0\n0 2 3.0\n",
    "b.edgelist": "0 1 {'weight': 1.0}\n1 2 {'weight': 2}\n0 2 {'weight': 3}\n",
    "a.mtx": "%%MatrixMarket matrix coordinate integer symmetric\n3 3 3\n2 1 1\n3 2 2\n3 1 3\n",
    "b.mtx": "%%MatrixMarket matrix coordinate real general\n3 3 5\n1 2 1\n2 1 1.0\n2 3 2\n3 2 2\n1 3 3\n",
}
"""A triangle of weights 1, 2 and 3."""


def _best(text: str, file_name: str, kind: str, **params: Any) -> float:
    found, statement = parse_optimisation(read_problem(text, file_name=file_name, kind=kind, params=params))
    optimum = found.enumerated(statement)
    assert optimum is not None
    return optimum.objective


@pytest.mark.parametrize("name", GRAPHS)
def test_a_triangle_is_cut_for_five(name: str) -> None:
    assert _best(GRAPHS[name], name, "maxcut") == 5


def test_a_decimal_comma_makes_no_list_of_edges() -> None:
    with pytest.raises(UnreadableFile, match="line 1"):
        read_problem("1,5\n0 1\n1 2\n", file_name="a.txt", kind="maxcut")


@pytest.mark.parametrize("seed", range(10))
def test_what_networkx_writes_is_the_same_graph(seed: int) -> None:
    rng = random.Random(seed)
    graph = networkx.gnp_random_graph(7, 0.6, seed=seed)
    for u, v in graph.edges:
        graph[u][v]["weight"] = rng.randint(-5, 9)
    listed = "\n".join(networkx.generate_edgelist(graph, data=["weight"])) + "\n"
    commas = "\n".join(networkx.generate_edgelist(graph, delimiter=",", data=["weight"])) + "\n"
    weights = [(u, v, graph[u][v]["weight"]) for u, v in graph.edges]

    best = max(sum(w for u, v, w in weights if sides[u] != sides[v]) for sides in product((0, 1), repeat=7))
    assert _best(listed, "a.edgelist", "maxcut") == _best(commas, "a.csv", "maxcut") == best


BAD: list[tuple[str, str, str, str]] = [
    ("a.mtx", "%%MatrixMarket matrix array real general\n1 1\n1\n", "maxcut", "should be `coordinate`"),
    ("a.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 2 1\n2 1 3\n", "maxcut", "another weight the other way"),
    ("a.mtx", "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 1 4\n", "maxcut", "joins node 0 with itself"),
    ("a.csv", "source,target\n0,1\n1,0\n", "maxcut", "joins nodes 1 and 0 again"),
    ("a.csv", "a,b,c,d\n0,1\n", "maxcut", "an edge should read `u v weight`"),
    ("a.qubo", "p qubo 0 2 2 1\n0 0 1\n0 1 2\n", "qubo", "promises 2 linear and 1 quadratic entries, but 1 and 1 follow"),
    ("a.qubo", "p qubo 0 2 1 1\n0 0 1\n0 2 2\n", "qubo", "a variable should be a whole number from 0 to 1"),
    ("a.coo", "0 1 2\n", "qubo", "whether the variables are bits or spins is not said"),
    ("a.coo", "# vartype=SPIN\n0 1 2\n1 0 2\n", "qubo", "have an entry already in line 2"),
    ("a.txt", "1.0 [X0 X0]\n", "expectation", "names qubit 0 twice"),
    ("a.txt", "1.0 [X0] +\n2j [Z0]\n", "expectation", "line 2"),
    ("a.json", '[["XX", 1], ["ZZ", "a"]]', "expectation", "the coefficient of ZZ is no real number"),
    ("a.txt", "&FCI NORB=2,NELEC=2\n 1.0 1 1 1 1\n", "expectation", "is an FCIDUMP"),
    ("a.xml", "<?xml version='1.0'?>\n<graphml></graphml>\n", "maxcut", "has no nodes"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "kind", "detail"), BAD)
def test_a_bad_file_of_a_program_is_refused(name: str, text: str, kind: str, detail: str) -> None:
    from queuebit_problems.errors import InvalidStatement

    with pytest.raises((UnreadableFile, InvalidStatement)) as refused:
        read_problem(text, file_name=name, kind=kind)

    assert detail in refused.value.detail


def test_qbsolv_and_coordinates() -> None:
    qbsolv = "c three bits\np qubo 0 3 3 2\n0 0 -1\n1 1 -2\n2 2 1.5\n0 1 2\n1 2 -2\n"

    assert _best(qbsolv, "a.qubo", "qubo") == -2.5
    assert read_problem(qbsolv, file_name="a.txt").kind == "qubo"
    assert _best("# vartype=SPIN\n0 0 1.0\n0 1 1.0\n", "a.coo", "qubo") == -2
    assert _best("0 0 1.0\n0 1 1.0\n", "a.coo", "qubo", vartype="SPIN") == -2
    assert _best("0 0 1.0\n0 1 -3.0\n", "a.coo", "qubo", vartype="BINARY") == -2


@pytest.mark.parametrize("seed", range(10))
def test_models_of_dimod_have_their_energies(seed: int) -> None:
    rng = random.Random(seed)
    vartype = rng.choice(["SPIN", "BINARY"])
    model: Any = dimod.BinaryQuadraticModel(vartype)
    for i in range(6):
        model.add_variable(i, rng.randint(-9, 9) / 4)
        for j in range(i):
            if rng.random() < 0.6:
                model.add_quadratic(i, j, rng.randint(-9, 9) / 4)
    solver: Any = dimod.ExactSolver
    least = solver().sample(model).first.energy
    listed = coo.dumps(model, vartype_header=True)
    document = {
        "version": "1.0.0", "id": 1, "variable_domain": "spin" if vartype == "SPIN" else "boolean", "scale": 2,
        "variable_ids": list(range(6)), "offset": 1.5, "metadata": {},
        "linear_terms": [{"id": i, "coeff": value} for i, value in model.linear.items()],
        "quadratic_terms": [
            {"id_tail": i, "id_head": j, "coeff": value} for (i, j), value in model.quadratic.items()
        ],
    }  # fmt: skip

    assert _best(listed, "a.coo", "qubo") == pytest.approx(least)
    assert _best(json.dumps(document), "a.json", "qubo") == pytest.approx(2 * (least + 1.5))


OPENFERMION = "(-1.5+0j) [] +\n0.25 [Z1] +\n-0.5 [X0 Y2] +\n0.125 [Z0 Z1]"
PENNYLANE = "-1.5 * I(0) + 0.25 * Z(1) + -0.5 * (X(0) @ Y(2)) + 0.125 * (Z(0) @ Z(1))"
QISKIT = SparsePauliOp.from_list([("III", -1.5), ("IZI", 0.25), ("YIX", -0.5), ("IZZ", 0.125)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("openfermion.txt", OPENFERMION),
        ("pennylane.txt", PENNYLANE),
        ("qiskit.json", json.dumps([[letters, value.real] for letters, value in QISKIT.to_list()])),
    ],
)
def test_a_hamiltonian_means_the_same_however_it_is_printed(name: str, text: str) -> None:
    statement = read_problem(text, file_name=name).statement
    terms = [(letters[::-1], value) for value, letters in statement["observable"]["terms"]]

    assert np.allclose(SparsePauliOp.from_list(terms).to_matrix(), QISKIT.to_matrix())


TOUR = (
    "NAME : four\nTYPE : TSP\nDIMENSION : 4\nEDGE_WEIGHT_TYPE : EUC_2D\n"
    "NODE_COORD_SECTION\n1 0 0\n2 3 4\n3 6 8\n4 0 5\nEOF\n"
)


@pytest.mark.parametrize(
    ("text", "tour", "claimed"),
    [
        ("COMMENT : Length = 22\nTYPE : TOUR\nTOUR_SECTION\n1\n2\n3\n4\n-1\nEOF\n", [1, 2, 3, 4], 22),
        ("TOUR_SECTION\n1 4 3 2 -1\n", [1, 4, 3, 2], None),
        ("4\n0 1 2 3\n", [1, 2, 3, 4], None),
        ("2 1 4 3\n", [2, 1, 4, 3], None),
    ],
)
def test_published_tours_are_read(text: str, tour: list[int], claimed: int | None) -> None:
    kind, statement = parse_optimisation(read_problem(TOUR, file_name="a.tsp"))

    found = kind.solution(statement, text)

    assert found is not None
    assert (found.answer, found.claimed) == ({"tour": tour}, claimed)


def test_bits_are_read_and_other_texts_are_not() -> None:
    kind, statement = parse_optimisation(read_problem("2 5\n3 4\n2 1\n", file_name="a.kp"))

    found = kind.solution(statement, "1 0\n")
    assert found is not None
    assert found.answer == {"take": [1, 0]}
    assert kind.solution(statement, "1 0 1\n") is None


@needs_shared
@pytest.mark.parametrize(
    ("pattern", "problem", "known"),
    [("assignment/qap/*.sln", ".dat", []), ("cvrp/*.sol", ".vrp", ["E-n30-k3.sol"])],
    ids=["QAPLIB", "CVRPLIB"],
)
def test_published_solutions_have_the_value_that_they_claim(pattern: str, problem: str, known: list[str]) -> None:
    """E-n30-k3 claims 534, which other distances gave; its routes are 537 long in those of its file."""
    paths = sorted(SHARED.glob(pattern))
    wrong = []
    for path in paths:
        stated = path.with_suffix(problem)
        kind, statement = parse_optimisation(read_problem(stated.read_text(), file_name=stated.name))
        found = kind.solution(statement, path.read_text(), file_name=path.name)
        assert found is not None
        if kind.objective(statement, found.answer) != found.claimed or kind.violations(statement, found.answer):
            wrong.append(path.name)

    assert len(paths) > 3
    assert wrong == known
