"""Whether rows in whole numbers allow an answer at all, by exact branching: whole numbers, no tolerances, no solver beside.

It is a second opinion on a proof that there is none, and finds which rows are enough for it.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Final

from queuebit_classical_solver.ports import Stop, never_stop
from queuebit_problems.rows import Row

NODES_MAX: Final = 2_000
PASSES_MAX: Final = 50
Box = tuple[list[int], list[int]]
"""The least and the greatest value of each variable."""


class OutOfWork(Exception):
    """The work or the time is over, and nothing is known."""


def refuted(
    ranges: Sequence[tuple[int, int]],
    rows: Sequence[Row],
    ends_s: float,
    stop: Stop = never_stop,
    nodes_max: int = NODES_MAX,
) -> bool:
    """Whether no whole numbers within the ranges keep all rows. Raises OutOfWork."""
    stack: list[Box] = [([low for low, _ in ranges], [high for _, high in ranges])]
    nodes = 0
    while stack:
        nodes += 1
        if nodes > nodes_max or time.perf_counter() >= ends_s or stop():
            raise OutOfWork
        lows, highs = stack.pop()
        if not _narrowed(lows, highs, rows, ends_s, stop):
            continue
        open_row = next((row for row in rows if any(lows[i] < highs[i] for i, _ in row.terms)), None)
        if open_row is None:
            # The last pass may have fixed what a row before had not seen.
            if any(row.missed(row.activity(lows)) for row in rows):
                continue
            return False
        at = max((i for i, _ in open_row.terms if lows[i] < highs[i]), key=lambda i: highs[i] - lows[i])
        middle = (lows[at] + highs[at]) // 2
        stack.append((_with(lows, at, middle + 1), list(highs)))
        stack.append((list(lows), _with(highs, at, middle)))
    return True


def conflict(
    ranges: Sequence[tuple[int, int]],
    rows: Sequence[Row],
    ends_s: float,
    stop: Stop = never_stop,
    names: Sequence[str] | None = None,
) -> list[int]:
    """The places of rows that allow no answer together; each is needed, of those that there was time to try. Rows of one name
    are left out together. Raises OutOfWork where it is not known that there is none, and ValueError where there is one.
    """
    if not refuted(ranges, rows, ends_s, stop):
        raise ValueError("the rows allow an answer")
    places = range(len(rows))
    groups: dict[Hashable, list[int]] = {}
    for place in places:
        groups.setdefault(place if names is None else names[place], []).append(place)
    kept = set(places)
    for group in groups.values():
        fewer = kept.difference(group)
        try:
            if refuted(ranges, [rows[each] for each in sorted(fewer)], ends_s, stop):
                kept = fewer
        except OutOfWork:
            if time.perf_counter() >= ends_s or stop():
                break
    return sorted(kept)


def _with(values: Sequence[int], at: int, value: int) -> list[int]:
    found = list(values)
    found[at] = value
    return found


def _narrowed(lows: list[int], highs: list[int], rows: Sequence[Row], ends_s: float, stop: Stop) -> bool:
    """Narrow the box by what each row leaves; False where a row leaves nothing. Raises OutOfWork."""
    for turn in range(PASSES_MAX):
        if turn and (time.perf_counter() >= ends_s or stop()):
            raise OutOfWork
        changed = False
        for row in rows:
            ends = [(a * lows[i], a * highs[i]) if a > 0 else (a * highs[i], a * lows[i]) for i, a in row.terms]
            least, most = sum(low for low, _ in ends), sum(high for _, high in ends)
            if (row.upper is not None and least > row.upper) or (row.lower is not None and most < row.lower):
                return False
            for (i, a), (low, high) in zip(row.terms, ends, strict=True):
                if a == 0 or lows[i] == highs[i]:
                    continue
                top = None if row.upper is None else row.upper - (least - low)
                bottom = None if row.lower is None else row.lower - (most - high)
                changed |= _bounded(lows, highs, i, a, bottom, top)
                if lows[i] > highs[i]:
                    return False
        if not changed:
            return True
    return True


def _bounded(lows: list[int], highs: list[int], i: int, a: int, bottom: int | None, top: int | None) -> bool:
    """Whether bottom <= a x <= top leaves the variable less than it had."""
    low, high, size = lows[i], highs[i], abs(a)
    least = None if bottom is None else -(-bottom // size)
    greatest = None if top is None else top // size
    if a < 0:
        least, greatest = None if greatest is None else -greatest, None if least is None else -least
    if least is not None:
        lows[i] = max(low, least)
    if greatest is not None:
        highs[i] = min(high, greatest)
    return (lows[i], highs[i]) != (low, high)
