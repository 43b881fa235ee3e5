"""Pieces of routes that are pinned: nodes in a row that nothing comes between. Nodes count from 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuebit_problems.kinds.routing.ways import Way


def chains_of(nodes: Iterable[int], ways: Sequence[Way], *, symmetric: bool) -> list[list[int]] | None:
    """All nodes, in the chains that the ways make; one that no way leads to is a chain by itself. None where a node would
    have to be visited more than once, or a chain closes.
    """
    chain_of = {node: [node] for node in nodes}
    for a, b in ways:
        one, other = chain_of.get(a), chain_of.get(b)
        if one is None or other is None or one is other:
            return None
        if symmetric:
            one = one[::-1] if one[0] == a else one
            other = other[::-1] if other[-1] == b else other
        if one[-1] != a or other[0] != b:
            return None
        joined = one + other
        chain_of |= dict.fromkeys(joined, joined)
    return list({id(chain): chain for chain in chain_of.values()}.values())
