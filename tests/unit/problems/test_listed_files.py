"""Files that list several problems, and graphs of METIS: each is what it states, wrong ones are told with the line."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Params
from queuebit_problems.kinds.scheduling.flow_shop_search import IteratedGreedy, makespan, neh
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.field_files import FLOW, PISINGER, TAILLARD

COLLECTION = (
    " a file of instances\n+++++++++++\n instance ft02\n +++++++++\n a small one\n 2 2\n 0 3 1 2\n 0 2 1 3\n ++++\n"
    " instance ft03\n +++\n another\n 3 2\n 0 1 1 1\n 0 2 1 2\n 0 5 1 5\n"
)
METIS = "% of the manual\n7 11\n5 3 2\n1 3 4\n5 4 2 1\n2 3 6 7\n1 3 6\n5 4 7\n6 4\n"
EDGES = [[1, 2], [1, 3], [1, 5], [2, 3], [2, 4], [3, 4], [3, 5], [4, 6], [4, 7], [5, 6], [6, 7]]


class Uniform:
    """Taillard's generator (1993): whole numbers from 1 on, by Lehmer's rule."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def draw(self, most: int, least: int = 1) -> int:
        self.seed = 16807 * (self.seed % 127773) - self.seed // 127773 * 2836
        self.seed += (self.seed < 0) * (2**31 - 1)
        return least + int(self.seed / (2**31 - 1) * (most - least + 1))


def statement(text: str, name: str = "a.txt", kind: str | None = None, params: Params | None = None) -> dict[str, Any]:
    return dict(read_problem(text, file_name=name, kind=kind, params=params).statement)


def taillard_flow_shop(jobs: int, machines: int, seed: int) -> str:
    draws = Uniform(seed)
    rows = [" ".join(str(draws.draw(99)) for _ in range(jobs)) for _ in range(machines)]
    head = "number of jobs, number of machines, initial seed, upper bound and lower bound :"
    return "\n".join([head, f" {jobs} {machines} {seed} 1278 1232", "processing times :", *rows, ""])


def taillard_job_shop(jobs: int, machines: int, time_seed: int, machine_seed: int) -> str:
    draws, places = Uniform(time_seed), Uniform(machine_seed)
    times = [" ".join(str(draws.draw(99)) for _ in range(machines)) for _ in range(jobs)]
    orders = []
    for _ in range(jobs):
        order = list(range(1, machines + 1))
        for k in range(machines):
            other = places.draw(machines, k + 1) - 1
            order[k], order[other] = order[other], order[k]
        orders.append(" ".join(map(str, order)))
    head = "Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper bound, Lower bound"
    return "\n".join([head, f" {jobs} {machines} 0 0 0 0", "Times", *times, "Machines", *orders, ""])


def test_a_job_shop_of_taillard_is_that_of_its_pairs() -> None:
    found = {"machines": 2, "jobs": [[[0, 3], [1, 2]], [[1, 2], [0, 3]]]}

    assert statement(TAILLARD) == found
    assert statement(TAILLARD + TAILLARD, params={"problem": 2}) == found


def test_the_first_job_shop_of_taillard_has_its_published_loads() -> None:
    """Given ta01 by its seeds, when it is read, then it begins as published, and its bound is the published one of loads."""
    kind = optimisation_of("job_shop")

    found = kind.parse(statement(taillard_job_shop(15, 15, 840612802, 398197754)))

    assert found.jobs[0][:3] == ((6, 94), (12, 66), (4, 10))
    assert kind.trivial_bound(found) == 1005


def test_the_first_flow_shop_of_taillard_is_solved_to_its_published_optimum() -> None:
    """Given ta001 by its seed, when iterated greedy looks at it, then it finds 1278, which is proved to be the least."""
    rows = optimisation_of("flow_shop").parse(statement(taillard_flow_shop(20, 5, 873654221))).rows
    greedy = IteratedGreedy(rows, neh(rows), random.Random(1))

    for _ in range(300):
        if greedy.least == 1278:
            break
        greedy.step()

    assert makespan(rows, neh(rows)) == 1286
    assert makespan(rows, greedy.best) == greedy.least == 1278


def test_a_collection_may_be_of_job_shops_or_of_flow_shops() -> None:
    with pytest.raises(UnreadableFile, match="could be flow_shop or job_shop"):
        statement(COLLECTION)
    with pytest.raises(UnreadableFile, match="the file holds 2 problems; choose one with --param problem=N"):
        statement(COLLECTION, kind="job_shop")

    assert statement(COLLECTION, kind="job_shop", params={"problem": 1}) == {
        "machines": 2,
        "jobs": [[[0, 3], [1, 2]], [[0, 2], [1, 3]]],
    }
    assert statement(COLLECTION, kind="flow_shop", params={"problem": 2}) == {"durations": [[1, 1], [2, 2], [5, 5]]}


def test_a_flow_shop_has_a_row_a_machine_in_taillards_files() -> None:
    assert statement(FLOW) == {"durations": [[5, 2], [1, 6], [4, 3]]}


def test_knapsacks_of_pisinger_are_read_one_of_several() -> None:
    found = {"capacity": 10, "profits": [9, 5, 6], "weights": [6, 4, 5]}

    assert statement(PISINGER) == found
    assert statement(PISINGER * 3, params={"problem": 3}) == found


@pytest.mark.parametrize("kind", ["max_clique", "max_independent_set", "graph_colouring"])
def test_a_graph_of_metis_counts_from_1(kind: str) -> None:
    assert statement(METIS, kind=kind) == {"nodes": 7, "edges": EDGES}


def test_an_empty_line_of_metis_is_a_node_without_neighbours() -> None:
    assert statement("3 1\n3\n\n1\n", kind="max_clique") == {"nodes": 3, "edges": [[1, 3]]}


def test_a_weighted_graph_of_metis_is_cut_by_its_weights() -> None:
    found = statement("3 2 1\n2 7\n1 7 3 -2\n2 -2\n", name="a.graph", kind="maxcut")

    assert found == {"nodes": 3, "edges": [[0, 1, 7], [1, 2, -2]]}


REFUSED = [
    ("max_clique", METIS.replace("7 11", "7 12"), 2, "promises 12 edges, but 11 follow"),
    ("max_clique", METIS.replace("7 11", "8 11"), 2, "promises 8 nodes, but 7 lines follow"),
    ("max_clique", METIS.replace("7 11", "7 11 10"), 2, "gives nodes weights, which are not read"),
    ("max_clique", METIS.replace("6 4\n", "6\n"), 6, "the edge of 4 and 7 stands with 4 alone"),
    ("max_clique", METIS.replace("6 4\n", "6 7\n"), 9, "the edge joins node 7 with itself"),
    ("max_clique", METIS.replace("6 4\n", "6 8\n"), 9, "a node should be a whole number from 1 to 7"),
    ("job_shop", TAILLARD.replace(" 2 1\n", " 2 3\n"), 8, "a machine should be a whole number from 1 to 2, not '3'"),
    ("job_shop", TAILLARD.replace(" 2 3\n", " 2\n"), 5, "there should be 4 numbers, a duration of each, not 3"),
    ("flow_shop", FLOW.replace(" 2 6 3\n", " 2 6\n"), 5, "there should be 6 numbers, a duration of each, not 5"),
    ("flow_shop", COLLECTION.replace("0 2 1 3", "1 2 0 3"), 8, "a job should pass the machines 0 to 1 in order"),
    ("knapsack", PISINGER.replace("n 3", "n 4"), 2, "promises 4 items, but 3 follow"),
    ("knapsack", PISINGER.replace("c 10", "c -1"), 3, "the capacity should be a number from 0"),
    ("knapsack", PISINGER.replace("2,5,4,1", "2,5"), 7, "an item should read `item,profit,weight,taken`"),
]


@pytest.mark.parametrize(("kind", "text", "line", "detail"), REFUSED, ids=[row[3][:30] for row in REFUSED])
def test_what_is_wrong_is_told_with_its_line(kind: str, text: str, line: int, detail: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        statement(text, kind=kind, params={"problem": 1})

    assert detail in refused.value.detail
    assert refused.value.line == line


def test_the_published_form_of_ta01_is_the_same_problem() -> None:
    """Given ta01 as pairs where the collection is at hand, then it is what Taillard's seeds make."""
    path = Path(__file__).parents[4] / "shared" / "data" / "jobshop" / "ta01"
    if not path.is_file():
        pytest.skip("the collection of published instances is not beside the repository")

    assert statement(path.read_text(), kind="job_shop") == statement(taillard_job_shop(15, 15, 840612802, 398197754))
