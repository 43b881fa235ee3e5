"""Files in odd but legal form mean what their field says; what could mean two things is refused, what is known but not read
is named.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuebit_problems.errors import ProblemError, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Solution
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.field_files import LP, MPS, TSP, VRP

ROWS = [[0, 1, 10, 3], [1, 0, 2, 20], [10, 2, 0, 4], [3, 20, 4, 0]]
FORMS = {
    "FULL_MATRIX": ROWS,
    "UPPER_ROW": [ROWS[i][i + 1 :] for i in range(4)],
    "LOWER_ROW": [ROWS[i][:i] for i in range(4)],
    "UPPER_DIAG_ROW": [ROWS[i][i:] for i in range(4)],
    "LOWER_DIAG_ROW": [ROWS[i][: i + 1] for i in range(4)],
    "UPPER_COL": [ROWS[i][:i] for i in range(4)],
    "LOWER_COL": [ROWS[i][i + 1 :] for i in range(4)],
    "UPPER_DIAG_COL": [ROWS[i][: i + 1] for i in range(4)],
    "LOWER_DIAG_COL": [ROWS[i][i:] for i in range(4)],
}


def explicit(form: str, rows: list[list[int]]) -> str:
    head = f"TYPE : TSP\r\nEDGE_WEIGHT_FORMAT : {form}\r\nDIMENSION : 4\r\n\r\nEDGE_WEIGHT_TYPE: EXPLICIT\r\n"
    lines = " \r\n".join(" ".join(f"{value:.1e}" for value in row) for row in rows)
    return f"\ufeff{head}EDGE_WEIGHT_SECTION\r\n{lines}\r\nNAME : late\r\n"


@pytest.mark.parametrize("form", FORMS)
def test_every_half_of_a_matrix_is_the_same_matrix(form: str) -> None:
    assert read_problem(explicit(form, FORMS[form]), file_name="a.tsp").statement["distances"] == ROWS


def test_ways_that_differ_make_no_symmetric_problem() -> None:
    text = explicit("FULL_MATRIX", [[0, 9, 10, 3], *ROWS[1:]])

    with pytest.raises(UnreadableFile, match="line 1: TYPE TSP has ways that are as long as the ways back"):
        read_problem(text, file_name="a.tsp")
    assert read_problem(text.replace(": TSP", ": ATSP"), file_name="a.tsp").statement["distances"][0][1] == 9


TRIANGLE = [[0, 1, 1], [0, 2, 2], [1, 2, 3]]
LISTS = [
    ("g.csv", "weight,source,target\n1,0,1\n2,0,2\n3,1,2\n"),
    ("g.csv", '\ufeff"target","weight","source"\r\n"1","1","0"\r\n"2","2e0","0"\r\n"2","3.0","1"\r\n\r\n'),
    ("g.csv", "source\ttarget\tweight\n0\t1\t1\n0\t2\t2\n1\t2\t3\n"),
    ("g.edgelist", "# by networkx\n0 1 {'weight': 1}\n0 2 {'weight': 2}\n1 2 {'weight': 3}\n"),
]


@pytest.mark.parametrize(("name", "text"), LISTS)
def test_the_line_of_names_says_which_column_is_which(name: str, text: str) -> None:
    assert read_problem(text, file_name=name, kind="maxcut").statement == {"nodes": 3, "edges": TRIANGLE}


MARKET = "%%MatrixMarket matrix coordinate pattern symmetric\n5 5 3\n2 1\n3 1\n3 2\n"
UNWEIGHTED = [
    ("g.mtx", MARKET, 5),
    ("g.edgelist", "0 1 {}\n0 2 {}\n2 1 {}\n1 2 {}\n", 3),
    ("g.edges", "% sym unweighted\n1 2\n1 3\n2 3\n", 3),
    ("g.csv", "source,target,weight\n1,2,1\n1,3,1\n2,3,1.0\n", 3),
]


@pytest.mark.parametrize("kind", ["max_clique", "max_independent_set", "graph_colouring"])
@pytest.mark.parametrize(("name", "text", "nodes"), UNWEIGHTED)
def test_lists_of_edges_are_graphs_without_weights(kind: str, name: str, text: str, nodes: int) -> None:
    found = read_problem(text, file_name=name, kind=kind).statement

    assert found == {"nodes": nodes, "edges": [[1, 2], [1, 3], [2, 3]]}


def test_nodes_that_count_from_0_are_told() -> None:
    kind = optimisation_of("max_clique")

    assert kind.assumptions(kind.example()) == (
        "Nodes count from 1: of a file that counts them from 0, node k is k + 1 here.",
    )


WRONG_LISTS = [
    ("maxcut", "g.edgelist", "0 1 1\n0 2\n", "line 2: there should be 3 columns as above, not 2"),
    ("maxcut", "g.csv", "source,weight\n0,1\n", "the names should be those of two nodes"),
    ("max_clique", "g.edgelist", "0 1\n1 3\n", "node 2 has no edge"),
    ("max_clique", "g.edgelist", "2 3\n3 4\n", "node 2 has no edge"),
    ("max_clique", "g.edgelist", "0 1\n1 1\n", "the edge joins node 1 with itself"),
    ("max_clique", "g.edgelist", "0 1 2.5\n", "the edge has the weight '2.5'"),
    ("max_clique", "g.edgelist", "0 5000\n0 1\n", "there are more than 5000 nodes"),
    ("graph_colouring", "g.mtx", MARKET.replace("2 1", "1 1"), "the edge joins node 1 with itself"),
]


@pytest.mark.parametrize(("kind", "name", "text", "told"), WRONG_LISTS)
def test_what_a_list_of_edges_leaves_open_is_refused(kind: str, name: str, text: str, told: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name=name, kind=kind)

    assert told in refused.value.detail


WRONG_PROGRAMS = [
    ("a.lp", LP.replace("2 z <= 4", "2 z <= 4 y"), "line 5: a side should be a number alone"),
    ("a.lp", LP.replace("2 z <= 4", "2 z <= 4 + y"), "line 5: a side should be a number alone"),
    ("a.lp", LP.replace("End\n", ""), "the file ends without End; it may be cut off"),
    ("a.lp", LP.replace("Bounds", "Lazy Constraints\n l: x <= 1\nBounds"), "line 7: lazy rows are not read"),
    ("a.lp", LP.replace("Bounds", "User Cuts\n l: x <= 1\nBounds"), "line 7: user rows are not read"),
    ("a.mps", "*SENSE:Maximize\n" + MPS.replace("OBJSENSE\n MAX\n", ""), "a comment says Maximize, but no OBJSENSE"),
    ("a.mps", MPS.replace("OBJSENSE\n MAX", "OBJNAME\n gain"), "line 2: 'OBJNAME' is no section of MPS"),
]


@pytest.mark.parametrize(("name", "text", "told"), WRONG_PROGRAMS)
def test_a_program_that_says_more_than_is_read_is_refused(name: str, text: str, told: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name=name)

    assert told in refused.value.detail


def test_two_labelled_rows_may_share_a_line() -> None:
    both = LP.replace("<= 4\n x", "<= 4 more: x")

    assert read_problem(both, file_name="a.lp").statement["constraints"][1]["terms"] == [[0, 1], [2, -1]]
    assert read_problem("*SENSE:Maximize\n" + MPS, file_name="a.mps").statement["sense"] == "max"


def bqpjson(**changed: Any) -> str:
    return json.dumps(
        {
            "variable_ids": [3, 7],
            "variable_domain": "spin",
            "scale": 2.0,
            "offset": 1.0,
            "linear_terms": [{"id": 3, "coeff": 1.0}],
            "quadratic_terms": [{"id_tail": 7, "id_head": 3, "coeff": 1.0}],
        }
        | changed
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"variable_ids": [3, 3, 7]},
        {"linear_terms": [{"id": 3, "coeff": 1.0}] * 2},
        {"quadratic_terms": [{"id_tail": 7, "id_head": 3, "coeff": 1}, {"id_tail": 3, "id_head": 7, "coeff": 2}]},
    ],
)
def test_a_document_of_bqpjson_names_each_thing_once(changed: dict[str, Any]) -> None:
    assert read_problem(bqpjson()).statement["offset"] == 6
    with pytest.raises(UnreadableFile, match="has one twice"):
        read_problem(bqpjson(**changed))


HIGHS = (
    "Model status\nOptimal\n\n# Primal solution values\nFeasible\nObjective 7\n# Columns 3\nx 1\ny 3\nz 1\n"
    "# Rows 2\nfew 6\nmore 0\n\n"
    "# Dual solution values\nFeasible\n# Columns 3\nx 0\ny 0\nz 0\n# Rows 2\nfew 1\nmore 0\n\n# Basis\nHiGHS v1\nNone\n"
)
COST = "Minimize\nobjective + x\nSubject To\n objective - x >= 1\nBounds\nobjective <= 9\nGeneral\n objective\nBinary\n x\nEnd"
HIGHS_COST = "Model status\nOptimal\n\n# Primal solution values\nFeasible\nobjective 7\n# Columns 2\nobjective 2\nx 1\n"
SOLVED: list[tuple[str, str, str, str, dict[str, Any], Any]] = [
    ("a.vrp", VRP, "a.sol", "Route #1: 0 1 0\r\nroute 2 : 0 2, 3 0\r\nCost 19\r\n", {"routes": [[2], [3, 4]]}, 19),
    ("a.tsp", TSP, "a.opt.tour", "TYPE : TOUR\nTour_Section :\n2 3\n1\n2\n-1\nEOF\n", {"tour": [2, 3, 1]}, None),
    ("a.lp", LP, "a.sol", HIGHS, {"values": {"x": 1, "y": 3, "z": 1}}, 7),
    ("a.lp", COST, "a.sol", "=obj= 3\nobjective 3\nx 1\n", {"values": {"objective": 3, "x": 1}}, 3),
    ("a.lp", COST, "a.sol", HIGHS_COST, {"values": {"objective": 2, "x": 1}}, 7),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "solved", "solution", "answer", "claimed"), SOLVED)
def test_solutions_in_odd_form_are_read(
    name: str, text: str, solved: str, solution: str, answer: dict[str, Any], claimed: Any
) -> None:
    problem = read_problem(text, file_name=name)
    kind = optimisation_of(problem.kind)

    found = kind.solution(kind.parse(problem.statement), solution, file_name=solved)

    assert found == Solution(answer, claimed)


NAMED = [
    ("graph [\n node [ id 0 ]\n]\n", "is a graph in GML"),
    ("strict graph { 0 -- 1; }\n", "is a graph in DOT"),
    ("*Vertices 3\n", "is a network of Pajek"),
    ('<?xml version="1.0"?>\n<gexf></gexf>\n', "is a graph in GEXF"),
    (">>graph6<<Bw\n", "is a graph in graph6"),
    ("c x\np cnf 3 1\n1 -3 0\n", "is a formula in DIMACS CNF"),
    ("p max 4 5\nn 1 s\n", "is a network in DIMACS's form for flows"),
    ("* #variable= 2 #constraint= 1\nmin: +1 x1 ;\n", "is a pseudo-Boolean program (OPB)"),
    ("QPLIB_0018\nQBL\nmaximize\n2\n", "is a program of QPLIB"),
    ("0.500*X(q(0))*X(q(1))\n", "is a sum of Cirq as it is printed"),
    ("SparsePauliOp(['XX'],\n   coeffs=[0.5+0.j])\n", "is an operator as Qiskit prints it"),
    ("DECLARE ro BIT[1]\nX 0\n", "is a program in Quil"),
    ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "is a pointer of Git LFS"),
    ("<!DOCTYPE html>\n<html></html>\n", "is a page in HTML"),
    (json.dumps({"directed": False, "multigraph": False, "nodes": [], "edges": []}), "is a node-link document of networkx"),
    (json.dumps({"cirq_type": "Circuit", "moments": []}), "is an object of Cirq"),
    (json.dumps({"braketSchemaHeader": {}, "source": ""}), "is a document of Amazon Braket"),
    (json.dumps({"commands": [], "qubits": [], "bits": [], "phase": "0.0"}), "is a circuit of tket"),
]  # fmt: skip


@pytest.mark.parametrize("kind", [None, "maxcut", "binary_program", "expectation"])
@pytest.mark.parametrize(("text", "told"), NAMED, ids=[told for _, told in NAMED])
def test_a_layout_that_is_known_and_not_read_is_named(text: str, told: str, kind: str | None) -> None:
    with pytest.raises(ProblemError) as refused:
        read_problem(text, file_name="a.txt", kind=kind)

    assert told in refused.value.detail


def test_a_program_of_lp_solve_is_named() -> None:
    with pytest.raises(
        UnreadableFile, match=r"is a program in the LP format of lp_solve, or in OPB, which is not read"
    ):
        read_problem("/* a plan */\nmax: 3x+2y;\nc1: x + y <= 1;\n", file_name="a.txt")


PENNYLANE = [
    ("0.5 * (X(0) @ X(1)) + -1.0 * Z(0) + 0.25 * I()", [[0.5, "XX"], [-1.0, "ZI"], [0.25, "II"]]),
    ("(\n    -0.5 * I([0, 1])\n  + X(0) @ Y(1)\n  + 2 * Z(1)\n)\n", [[-0.5, "II"], [1, "XY"], [2, "IZ"]]),
    ("PauliX(0) @ PauliZ(1) - (1e-05+0j) * PauliY(0)", [[1, "XZ"], [-1e-05, "YI"]]),
    ("X(0) @ X(1) + -1 * (0.5 * Z(1))", [[1, "XX"], [-0.5, "IZ"]]),
    ("Z(1) * -(X(0) + 0.5)", [[-1, "XZ"], [-0.5, "IZ"]]),
    ("X(0) * " + "-" * 5001 + "0.5", [[-0.5, "X"]]),
    ("2.0 * Z(0) - 0.5 * (X(0) + Y(1))", [[2.0, "ZI"], [-0.5, "XI"], [-0.5, "IY"]]),
]


@pytest.mark.parametrize(("text", "terms"), PENNYLANE)
def test_sums_are_read_as_pennylane_prints_them(text: str, terms: list[Any]) -> None:
    assert read_problem(text, file_name="a.txt").statement["observable"]["terms"] == terms


def test_pairs_are_read_as_python_prints_them() -> None:
    """Given what Python prints of SparsePauliOp.to_list(), then the rightmost letter acts on qubit 0."""
    text = "[('XX', (0.5+0j)), ('ZI', (-1.5e-3+0j)),\n ('IZ', 2)]\n"

    found = read_problem(text, file_name="a.txt").statement["observable"]["terms"]

    assert found == [[0.5, "XX"], [-0.0015, "IZ"], [2, "ZI"]]


WRONG_SUMS = [
    ("X(0) + X(0)", "the product X0 stands twice"),
    ("X(0) @ Y(0)", "a product names qubit 0 twice"),
    ("2 * (X(0)", "a bracket is not closed"),
    ("2 * X(0) foo", "'foo' is no real term of pennylane"),
    ("2 * Z('a')", "is no real term of pennylane"),
    ("2 * Z(0) + 2 * Z('a')", "is no real term of pennylane"),
    ("2 * X(64)", "names qubit 64; at most 64"),
    ("(" * 30 + "X(0)" + ")" * 30, "brackets within brackets too often"),
    ("*".join(["(I(0) + X(0) + Y(0))"] * 3), "names qubit 0 twice"),
    ("@".join(f"(X({k}) + Y({k}))" for k in range(20)), "multiplies too many terms"),
    ("[('XX', (0.5+1j))]", "is no real term of qiskit"),
    ("[('XX', (0.5+0j)),", "is no real term of qiskit"),
]


@pytest.mark.parametrize(("text", "told"), WRONG_SUMS)
def test_sums_that_are_none_are_refused(text: str, told: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read_problem(text, kind="expectation")

    assert told in refused.value.detail
