"""Searches over sets of nodes: what they find that hides, and what is left of a graph before they begin."""

from __future__ import annotations

import random
from itertools import combinations
from math import log
from typing import Any

import numpy as np
import pytest

from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, Solution, ignore_progress, never_stop
from queuebit_classical_solver.searches import node_set_clique_choices, node_set_numvc
from queuebit_classical_solver.searches.compiled import clique_choices
from queuebit_classical_solver.searches.node_set_clique_choices import CLIQUE_CHOICES, cliques_of
from queuebit_classical_solver.searches.node_set_numvc import NUMVC
from queuebit_classical_solver.searches.node_set_phased_walks import PHASED_WALKS
from queuebit_classical_solver.searches.node_sets.reduction import reduced
from queuebit_problems.kinds.graphs.node_set_search import largest, mask_of
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of

NODES, HIDDEN = 250, 18


def test_it_finds_a_clique_that_greed_walks_past() -> None:
    """Given a graph of density 0.65 with a clique of 20 whose other edges are rarer, then it is found, twice alike."""
    rng = random.Random(4)
    clique = set(rng.sample(range(1, NODES + 1), HIDDEN))
    rarer = (0.65 * (NODES - 1) - (HIDDEN - 1)) / (NODES - HIDDEN) - 0.03
    chances = (0.65, rarer, 1.0)
    edges = [
        pair
        for pair in combinations(range(1, NODES + 1), 2)
        if rng.random() < chances[(pair[0] in clique) + (pair[1] in clique)]
    ]
    kind = optimisation_of("max_clique")
    statement = kind.parse({"nodes": NODES, "edges": edges})
    greedy = kind.heuristic(statement, 1)
    assert greedy is not None
    limits = Limits(budget_s=300.0, seed=2, work_share=0.003)

    first, again = (
        PHASED_WALKS.solve(kind, statement, limits=limits, hint=greedy, on_progress=ignore_progress, stop=never_stop)
        for _ in range(2)
    )

    assert kind.objective(statement, greedy) < HIDDEN
    assert first.answer == {"nodes": sorted(clique)}
    assert first == again


def one_value_each(variables: int, values: int, seed: int) -> tuple[Optimisation[Any], Any]:
    """A set of `variables` nodes hides in as many cliques, a pair of which exclude a quarter of their pairs each (model RB)."""
    rng = random.Random(seed)
    hidden = [rng.randrange(values) for _ in range(variables)]
    edges = {(x * values + a, x * values + b) for x in range(variables) for a, b in combinations(range(values), 2)}
    for _ in range(round(0.8 / log(4 / 3) * variables * log(variables))):
        x, y = sorted(rng.sample(range(variables), 2))
        pairs = [(a, b) for a in range(values) for b in range(values) if (a, b) != (hidden[x], hidden[y])]
        edges |= {(x * values + a, y * values + b) for a, b in rng.sample(pairs, round(values * values / 4))}
    kind = optimisation_of("max_independent_set")
    return kind, kind.parse({"nodes": variables * values, "edges": sorted((u + 1, v + 1) for u, v in edges)})


def test_a_node_of_each_clique_is_found_and_small_cliques_are_left_to_others() -> None:
    """Given 450 nodes in 30 cliques of which one set takes a node each, then it is found, twice alike; in a sparse graph the
    search has nothing to choose from."""
    kind, statement = one_value_each(30, 15, 2)
    limits = Limits(budget_s=300.0, seed=2, work_share=0.002)

    def solved(statement: Any) -> Solution:
        return CLIQUE_CHOICES.solve(
            kind, statement, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop
        )

    first, again = solved(statement), solved(statement)

    assert (first.objective, kind.violations(statement, first.answer)) == (30, [])
    assert (first.bound, first.proven_optimal) == (30, True)
    assert first == again
    with pytest.raises(NothingFound, match="too many cliques"):
        solved(kind.parse({"nodes": 60, "edges": [(u, u % 60 + 1) for u in range(1, 61)]}))


def test_in_a_dense_graph_cliques_are_not_sought_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = np.array([*combinations(range(40), 2)], dtype=np.int32)
    assert cliques_of(40, ends, 100) == [[*range(40)]]
    monkeypatch.setattr(node_set_clique_choices, "PAIRS_MAX", 10_000)

    with pytest.raises(NothingFound, match="more conflicts than cliques are sought among"):
        cliques_of(40, ends, 100)


@pytest.mark.parametrize("seed", range(5))
def test_what_a_choice_keeps_has_no_conflicts(seed: int) -> None:
    """Given any graph, when nodes of its cliques are exchanged, then each set that is kept is one, and never a smaller one."""
    rng = random.Random(seed)
    ends = np.array([pair for pair in combinations(range(60), 2) if rng.random() < 0.3], dtype=np.int32)
    cliques = cliques_of(60, ends, 60)
    joined = {frozenset(pair) for pair in ends.tolist()}
    choice = clique_choices.begun(60, ends, cliques, [], seed)

    sizes = [clique_choices.advance(choice, 7) for _ in range(60)]

    chosen = np.flatnonzero(choice.largest).tolist()
    assert sorted(node for mine in cliques for node in mine) == list(range(60))
    assert all(frozenset(pair) in joined for mine in cliques for pair in combinations(mine, 2))
    assert sizes == sorted(sizes)
    assert len(chosen) == sizes[-1] > 0
    assert not any(frozenset(pair) in joined for pair in combinations(chosen, 2))


def test_conflict_weights_find_the_one_value_that_each_variable_can_have() -> None:
    """Given 450 nodes in 30 cliques of which one set takes a node each, then it is found, twice alike."""
    kind, statement = one_value_each(30, 15, 2)
    limits = Limits(budget_s=300.0, seed=2, work_share=0.01)
    first, again = (
        NUMVC.solve(kind, statement, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop)
        for _ in range(2)
    )
    assert (first.objective, kind.violations(statement, first.answer)) == (30, [])
    assert first == again


def test_a_search_that_begins_again_keeps_the_largest_set_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given beginnings that come before a set is large again, then it is never given up, and the same seed does the same."""
    monkeypatch.setattr(node_set_numvc, "RESTART_STEPS_EACH", 1)
    ends = np.array([pair for pair in combinations(range(60), 2) if sum(pair) % 3], dtype=np.int32)

    def sizes() -> list[int]:
        search = node_set_numvc._begun(60, ends, [0], 5)
        found = [search.advance(20) for _ in range(40)]
        members = set(search.members())
        assert len(members) == found[-1]
        assert not any(u in members and v in members for u, v in ends.tolist())
        return found

    first = sizes()

    assert first == sorted(first)
    assert first == sizes()


@pytest.mark.parametrize("seed", range(40))
def test_what_is_left_of_a_graph_and_what_is_taken_make_a_largest_set(seed: int) -> None:
    rng = random.Random(seed)
    nodes = rng.randrange(1, 15)
    edges = [pair for pair in combinations(range(nodes), 2) if rng.random() < rng.choice([0.1, 0.2, 0.4])]
    masks = [mask_of(v for pair in edges for v in pair if u in pair and v != u) for u in range(nodes)]
    size, _, _ = largest(masks)

    rest = reduced(masks)

    left, chosen, _ = largest(rest.masks) if rest.masks else (0, 0, 0)
    answer = rest.answer([place for place in range(len(rest.masks)) if chosen >> place & 1])
    kind = optimisation_of("max_independent_set")
    statement = kind.parse({"nodes": nodes, "edges": [(u + 1, v + 1) for u, v in edges]})
    assert (len(answer["nodes"]), kind.violations(statement, answer)) == (size, [])
    assert rest.members(answer) == [place for place in range(len(rest.masks)) if chosen >> place & 1]
    assert left + len(rest.taken) == size


@pytest.mark.parametrize("solver", [PHASED_WALKS, NUMVC])
def test_a_tree_is_proved_without_a_step(solver: Any) -> None:
    kind = optimisation_of("max_independent_set")
    statement = kind.parse({"nodes": 3_001, "edges": [(node // 2, node) for node in range(2, 3_002)]})
    found = solver.solve(
        kind, statement, limits=Limits(60.0, 1), hint=None, on_progress=ignore_progress, stop=never_stop
    )
    assert (found.proven_optimal, found.iterations, found.details["cut_off_by"]) == (True, 0, "proof")
