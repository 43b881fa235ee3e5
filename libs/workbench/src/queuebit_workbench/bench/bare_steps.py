"""What the steps of the bare pipeline compute: plain dictionaries in, plain dictionaries out."""

from __future__ import annotations

import random
from typing import Any

NODES = 6

Edges = list[list[int]]
Events = list[tuple[str, dict[str, Any]]]


def graph(numbers: random.Random) -> Edges:
    """A ring of six nodes with three chords, each edge with a small weight."""
    pairs = [(node, (node + 1) % NODES) for node in range(NODES)] + [(0, 2), (1, 4), (3, 5)]
    return [[min(pair), max(pair), numbers.randint(1, 9)] for pair in pairs]


def cut(side: list[int], edges: Edges) -> int:
    """The weight of the edges between the sides."""
    return sum(weight for u, v, weight in edges if side[u] != side[v])


def best_side(edges: Edges) -> list[int]:
    """The best of all sides; the last node stays where it is."""
    every = ([number >> node & 1 for node in range(NODES)] for number in range(1 << (NODES - 1)))
    return max(every, key=lambda side: cut(side, edges))


def accept(question: dict[str, Any]) -> Events:
    """The events that a question brings about. The last is the work order."""
    return [
        ("Submitted", question),
        ("Planned", {"job": question["job"], "lane": "classical"}),
        ("Queued", question),
    ]


def solve(order: dict[str, Any]) -> dict[str, Any]:
    """The solver's answer to a work order."""
    side = best_side(order["edges"])
    return order | {"side": side, "objective": cut(side, order["edges"])}


def validate(answer: dict[str, Any]) -> dict[str, Any]:
    """The validator's verdict: the answer, and whether its objective is what the edges say."""
    objective = cut(answer["side"], answer["edges"])
    return {
        "job": answer["job"],
        "side": answer["side"],
        "objective": objective,
        "ok": objective == answer["objective"],
    }


def finish(verdict: dict[str, Any]) -> Events:
    """The events that a verdict brings about. The last is the completion."""
    return [("Solved", verdict), ("Validated", {"job": verdict["job"], "ok": verdict["ok"]}), ("Completed", verdict)]
