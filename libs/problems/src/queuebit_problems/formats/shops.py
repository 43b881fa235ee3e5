"""Shops as Taillard and the OR-Library list them: several problems in a file, durations by blocks or by pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from queuebit_problems.formats.orlib import chosen_problem
from queuebit_problems.formats.text import Row, Rows, count_of
from queuebit_problems.kind import Params

_TAILLARD = re.compile(r"\s*(?:nb|number)\s+of\s+jobs", re.IGNORECASE)
_TIMES = re.compile(r"\s*(?:processing\s+)?times\s*:?\s*", re.IGNORECASE)
_MACHINES = re.compile(r"\s*machines\s*:?\s*", re.IGNORECASE)
_INSTANCE = re.compile(r"\s{0,8}instance\s+\S{1,40}\s*", re.IGNORECASE)
PROBLEMS_MAX = 1_000


@dataclass(slots=True)
class Listed:
    """One problem of a file: the line of its counts, and the rows of numbers of each block."""

    head: Row
    times: list[Row] = field(default_factory=list)
    machines: list[Row] | None = None


def is_taillard(text: str, *, machines: bool) -> bool:
    """Whether a text begins as Taillard's files do, and has machines or a seed of them, as job shops have, or has none."""
    if _TAILLARD.match(text) is None:
        return False
    lines = text.splitlines()
    return machines == ("machine seed" in " ".join(text[:500].lower().split()) or any(map(_MACHINES.fullmatch, lines)))


def is_collection(text: str) -> bool:
    """Whether a text lists instances by name, as the OR-Library does."""
    return any(map(_INSTANCE.fullmatch, text[:10_000].splitlines()))


def taillard_problem(rows: Rows, params: Params | None) -> Listed:
    """The problem of a file of Taillard that is asked for. Raises UnreadableFile."""
    found: list[Listed] = []
    block: list[Row] | None = None
    counts_next = False
    for row in rows:
        line = " ".join(row.tokens)
        if _TAILLARD.match(line):
            counts_next, block = True, None
        elif counts_next:
            found.append(Listed(row))
            counts_next = False
            if len(found) > PROBLEMS_MAX:
                raise rows.error(row, f"there are more than {PROBLEMS_MAX} problems")
        elif found and _TIMES.fullmatch(line):
            block = found[-1].times
        elif found and _MACHINES.fullmatch(line):
            block = found[-1].machines = []
        elif block is None:
            raise rows.error(row, "a line of counts, Times or Machines should stand here")
        else:
            block.append(row)
    return _chosen(rows, found, params)


def collected_problem(rows: Rows, params: Params | None) -> Listed:
    """The instance of a file of the OR-Library that is asked for. Raises UnreadableFile."""
    found: list[Listed] = []
    named = False
    for row in rows:
        line = " ".join(row.tokens)
        numeric = all(count_of(token) is not None for token in row.tokens)
        if _INSTANCE.fullmatch(line):
            named = True
        elif named and numeric and len(row.tokens) == 2:
            found.append(Listed(row))
            named = False
            if len(found) > PROBLEMS_MAX:
                raise rows.error(row, f"there are more than {PROBLEMS_MAX} problems")
        elif found and not named and not set(line) <= {"+", " "}:
            found[-1].times.append(row)
    return _chosen(rows, found, params)


def _chosen(rows: Rows, found: list[Listed], params: Params | None) -> Listed:
    if not found:
        raise rows.error(None, "the line of counts is missing")
    return found[chosen_problem(rows, found[0].head, len(found), params) - 1]


def counts(rows: Rows, listed: Listed, jobs_max: int, machines_max: int) -> tuple[int, int]:
    """How many jobs and machines a problem says that it has."""
    if len(listed.head.tokens) < 2:
        raise rows.error(listed.head, "the counts should begin with those of jobs and machines")
    return (
        rows.integer(listed.head, listed.head.tokens[0], "the number of jobs", 1, jobs_max),
        rows.integer(listed.head, listed.head.tokens[1], "the number of machines", 1, machines_max),
    )


def table(
    rows: Rows, listed: Listed, block: list[Row], height: int, width: int, what: str, most: int, least: int = 0
) -> list[list[int]]:
    """The whole numbers of a block, by rows, wherever its lines break."""
    tokens = list(chain.from_iterable(((row, token) for token in row.tokens) for row in block))
    if len(tokens) != height * width:
        place = block[-1] if block else listed.head
        raise rows.error(place, f"there should be {height * width} numbers, {what} of each, not {len(tokens)}")
    numbers = iter([rows.integer(row, token, what, least, most) for row, token in tokens])
    return [[next(numbers) for _ in range(width)] for _ in range(height)]


def pairs(rows: Rows, listed: Listed, jobs: int, machines: int, duration_max: int) -> Iterator[list[tuple[int, int]]]:
    """For each job its pairs of machine and duration, machines from 0."""
    if len(listed.times) != jobs:
        place = listed.times[-1] if listed.times else listed.head
        raise rows.error(place, f"there should be {jobs} jobs, not {len(listed.times)}")
    for row in listed.times:
        if len(row.tokens) % 2:
            raise rows.error(row, f"a job should have pairs of numbers, not {len(row.tokens)} numbers")
        ids = [rows.integer(row, token, "a machine", 0, machines - 1) for token in row.tokens[::2]]
        times = [rows.integer(row, token, "a duration", 0, duration_max) for token in row.tokens[1::2]]
        yield list(zip(ids, times, strict=True))
