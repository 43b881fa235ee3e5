"""Graphs: independent set, clique, colouring."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations, product

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from tests.unit.problems.fields import Data, Field


@st.composite
def graphs(draw: st.DrawFn, nodes_max: int) -> Data:
    nodes = draw(st.integers(1, nodes_max))
    pairs = list(combinations(range(1, nodes + 1), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return {"nodes": nodes, "edges": [list(pair) for pair in chosen]}


def _subsets(data: Data) -> Iterable[Answer]:
    nodes = range(1, data["nodes"] + 1)
    return ({"nodes": list(chosen)} for size in range(len(nodes) + 1) for chosen in combinations(nodes, size))


def _joined(data: Data, u: int, v: int) -> bool:
    return [u, v] in data["edges"] or [v, u] in data["edges"]


def _independent(data: Data, answer: Answer) -> Fraction | None:
    if any(_joined(data, u, v) for u, v in combinations(answer["nodes"], 2)):
        return None
    return Fraction(len(answer["nodes"]))


def _clique(data: Data, answer: Answer) -> Fraction | None:
    if not all(_joined(data, u, v) for u, v in combinations(answer["nodes"], 2)):
        return None
    return Fraction(len(answer["nodes"]))


def _colourings(data: Data) -> Iterable[Answer]:
    nodes = data["nodes"]
    return ({"colour": list(colour)} for colour in product(range(nodes), repeat=nodes))


def _proper(data: Data, answer: Answer) -> Fraction | None:
    if any(answer["colour"][u - 1] == answer["colour"][v - 1] for u, v in data["edges"]):
        return None
    return Fraction(len(set(answer["colour"])))


@st.composite
def limited(draw: st.DrawFn) -> Data:
    return {**draw(graphs(4)), "colours": draw(st.integers(1, 3))}


def _proper_within(data: Data, answer: Answer) -> Fraction | None:
    found = _proper(data, answer)
    return None if found is None or found > data.get("colours", found) else found


FIELDS = [
    Field("max_independent_set", graphs(7), _subsets, _independent, example=Fraction(2)),
    Field("max_clique", graphs(7), _subsets, _clique, example=Fraction(3)),
    Field("graph_colouring", graphs(4), _colourings, _proper, polished_by_encoding=True, example=Fraction(4)),
    Field("graph_colouring", limited(), _colourings, _proper_within, polished_by_encoding=True, example=Fraction(4)),
]
