"""Published solution files of each layout that kinds read are recomputed; what is known and not read is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_client.cli import main

GRAPH = "p edge 5 5\ne 1 2\ne 1 3\ne 2 3\ne 3 4\ne 4 5\n"
SHOP = "2 3\n0 3 1 2 2 2\n1 2 0 1 2 4\n"
FLOW = "number of jobs, number of machines, initial seed :\n3 2 1 9 9\nprocessing times :\n1 3 2\n2 1 4\n"
SQUARE_SHOP = "2 2\n0 1 1 1\n1 1 0 1\n"
PISINGER = "knapPI_1_3\nn 3\nc 10\nz 9\ntime 0.00\n1,5,4,1\n2,6,7,0\n3,4,6,1\n-----\n"
TSP = (
    "NAME: a\nTYPE: TSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0 3\n3 4 3\n4 4 0\nEOF\n"
)
TOUR = "NAME : a.opt.tour\nCOMMENT : Optimum tour (14)\nTYPE : TOUR\nDIMENSION : 4\nTOUR_SECTION\n1\n2\n3\n4\n-1\nEOF\n"
QAP = "3\n0 1 2\n1 0 3\n2 3 0\n\n0 5 2\n5 0 1\n2 1 0\n"
COLOURED = "c a colouring\ns col 3\nl 1 1\nl 2 2\nl 3 3\nl 4 1\nl 5 2\n"
CLIQUE = "s clq 3\nv 1\nv 2\nv 3\n"
PROGRAM = "Maximize\n x + y\nSubject To\n a: x + y <= 1\nBinary\n x y\nEnd\n"


def checked(folder: Path, problem: str, solution: str, kind: str, name: str = "problem.txt") -> int:
    (folder / name).write_text(problem)
    (folder / "answer.sol").write_text(solution)
    return main.run(["check", str(folder / name), str(folder / "answer.sol"), "--kind", kind])


@pytest.mark.parametrize(
    ("kind", "problem", "solution", "said"),
    [
        ("tsp", TSP, TOUR, "objective: 14"),
        ("quadratic_assignment", QAP, "3 40\n3 2 1\n", "claimed objective: 40 (as recomputed)"),
        ("graph_colouring", GRAPH, COLOURED, "claimed objective: 3 (as recomputed)"),
        ("graph_colouring", GRAPH, "7\n8\n9\n7\n8\n", "objective: 3"),
        ("max_clique", GRAPH, CLIQUE, "claimed objective: 3 (as recomputed)"),
        ("max_independent_set", GRAPH, "v 1\nv 4\n", "objective: 2"),
        ("job_shop", SHOP, "0 1\n1 0\n0 1\n", "objective: 11"),
        ("job_shop", SHOP, "11\n1 2\n2 1\n1 2\n", "claimed objective: 11 (as recomputed)"),
        ("job_shop", SHOP, "0 3 5\n0 3 7\n", "objective: 11"),
        ("flow_shop", FLOW, "1 3 2\n", "objective: 8"),
        ("flow_shop", FLOW, "8\n0 2 1\n", "claimed objective: 8 (as recomputed)"),
        ("knapsack", PISINGER, PISINGER, "claimed objective: 9 (as recomputed)"),
    ],
)
def test_a_published_solution_is_recomputed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, problem: str, solution: str, said: str
) -> None:
    code = checked(tmp_path, problem, solution, kind)

    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert said in out


@pytest.mark.parametrize(
    ("kind", "problem", "solution", "said"),
    [
        ("graph_colouring", GRAPH, COLOURED.replace("l 5 2", "l 4 2"), "each node from 1 to 5"),
        (
            "graph_colouring",
            GRAPH,
            CLIQUE,
            "holds a DIMACS set of nodes, which is not read as a solution of graph_colouring",
        ),
        ("max_clique", GRAPH, "1 2 3\n", "line 1 is no line of a DIMACS solution"),
        ("max_clique", GRAPH, TOUR, "holds a TSPLIB tour"),
        ("tsp", TSP, "Route #1: 1 2 3\nCost 14\n", "holds routes of CVRPLIB"),
        ("job_shop", SHOP, "1 0\n0 1\n0 1\n", "wait for each other"),
        ("job_shop", SHOP, "0 1\n1 0\n", "3 lines with each job of a machine once, or 2 lines of starts"),
        ("job_shop", SQUARE_SHOP, "0 1\n1 0\n", "could list the jobs of each machine or the starts of each job"),
        ("flow_shop", FLOW, "1 1 2\n", "each of the 3 jobs once"),
        ("knapsack", PISINGER, PISINGER.replace("c 10", "c 11"), "no knapsack like the one that is checked"),
        ("knapsack", PISINGER, PISINGER.replace("3,4,6,1", "3,4,6"), "0 or 1 in its last column"),
        ("binary_program", PROGRAM, '<?xml version = "1.0"?>\n<CPLEXSolution version="1.2">', "the XML of CPLEX"),
        ("binary_program", PROGRAM, "Problem:    plan\nRows: 1\n", "holds a report of GLPK"),
    ],
)
def test_what_is_no_solution_of_the_problem_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, problem: str, solution: str, said: str
) -> None:
    code = checked(tmp_path, problem, solution, kind)

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert said in err
    assert "Remedy: " in err
