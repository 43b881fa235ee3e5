"""Merkle trees as RFC 6962 has them: what stands where in a list, proven by few hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf(content: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\0" + content).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The hash over entries, or over complete subtrees of one size of which the last may be smaller."""
    level = list(hashes) or [EMPTY]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """What proves that a hash stands there: its neighbours on the way up."""
    found, level = [], list(hashes)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            found.append(level[beside])
        level, index = _above(level), index // 2
    return found


def root_by(hash_: bytes, index: int, size: int, way: Sequence[bytes]) -> bytes | None:
    """The hash over all entries that a path leads to; None where it is none of a list of this size."""
    if not 0 <= index < size:
        return None
    place, last, found, left = index, size - 1, hash_, list(way)
    while last:
        if place % 2 or place < last:
            if not left:
                return None
            beside = left.pop(0)
            found = _node(beside, found) if place % 2 else _node(found, beside)
        place, last = place // 2, last // 2
    return None if left else found


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _node(one: bytes, other: bytes) -> bytes:
    return hashlib.sha256(b"\1" + one + other).digest()
