"""What remains of a graph of conflicts once the nodes are gone that some largest set has, or lacks, for sure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

from queuebit_problems.kind import Answer
from queuebit_problems.kinds.graphs.graph_statement import bits_of

CHECKS_MAX = 1_000_000
"""Pairs of nodes that are compared: above, what is left is searched as it is."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """The rest of a graph: `masks` are its conflicts, from 0; `nodes` are the names that its nodes had; `taken` are in a
    largest set.
    """

    masks: list[int]
    nodes: list[int]
    taken: list[int]

    def answer(self, members: list[int]) -> Answer:
        """A set of the rest as an answer about the whole."""
        return {"nodes": sorted([self.nodes[node] + 1 for node in members] + [node + 1 for node in self.taken])}

    def members(self, answer: Answer) -> list[int]:
        """What an answer about the whole chooses of the rest."""
        chosen = set(answer["nodes"])
        return [place for place, node in enumerate(self.nodes) if node + 1 in chosen]


def reduced(masks: list[int]) -> Reduced:
    """A node whose conflicts are all those of one that it conflicts with, and more, is left out (domination); one without
    conflicts is taken. So trees, and all nodes whose conflicts conflict with each other, go.
    """
    left = waiting = (1 << len(masks)) - 1
    checks = 0
    while waiting and checks < CHECKS_MAX:
        v = waiting.bit_length() - 1
        waiting ^= 1 << v
        closed = masks[v] & left | 1 << v
        for u in bits_of(masks[v] & left):
            checks += 1
            if closed & ~masks[u] == 1 << u:
                left ^= 1 << u
                closed ^= 1 << u
                waiting = (waiting | masks[u]) & left
    masks = [mask & left for mask in masks]
    taken = [node for node in bits_of(left) if not masks[node]]
    nodes = [node for node in bits_of(left) if masks[node]]
    return Reduced(_renumbered(masks, nodes), nodes, taken)


def _renumbered(masks: list[int], nodes: list[int]) -> list[int]:
    if len(nodes) == len(masks):
        return masks
    width, kept = len(masks), set(nodes)
    chosen = [node in kept for node in reversed(range(width))]
    return [int("".join(compress(f"{masks[node]:0{width}b}", chosen)), 2) for node in nodes]
