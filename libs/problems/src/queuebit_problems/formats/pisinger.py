"""Knapsacks as Pisinger's generators write them: a name, `n`, `c`, `z` and `time`, then `item,profit,weight,taken` lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from queuebit_contracts.jobs import Number
from queuebit_problems.formats.orlib import chosen_problem
from queuebit_problems.formats.text import Row, Rows, parse_number
from queuebit_problems.kind import Params, Solution

PISINGER = (
    "Pisinger: a name, `n items`, `c capacity`, `z optimum`, `time`, then `item,profit,weight,taken`; several in a file"
)
_HEAD = re.compile(r"^\s*n\s+[0-9]{1,9}\s*\n\s*c\s+\S", re.MULTILINE)
PROBLEMS_MAX = 1_000


@dataclass(slots=True)
class _Listed:
    head: Row
    capacity: Number | None = None
    items: list[tuple[Number, Number]] = field(default_factory=list)
    value: Number | None = None
    taken: list[str] = field(default_factory=list)


def is_pisinger(text: str) -> bool:
    """Whether a text has `n` and `c` on lines of their own, one after the other."""
    return _HEAD.search("\n".join(text[:2_000].splitlines())) is not None


def read_pisinger(rows: Rows, params: Params | None, items_max: int) -> tuple[Number, list[Number], list[Number]]:
    """(capacity, profits, weights) of the problem that is asked for. Raises UnreadableFile with the line."""
    found = _listed(rows, items_max)
    one = found[chosen_problem(rows, found[0].head, len(found), params) - 1]
    if one.capacity is None:
        raise rows.error(one.head, "the line `c capacity` is missing after this one")
    if len(one.items) != int(one.head.tokens[1]):
        raise rows.error(one.head, f"this line promises {one.head.tokens[1]} items, but {len(one.items)} follow")
    return one.capacity, [profit for profit, _ in one.items], [weight for _, weight in one.items]


def read_pisinger_taken(
    text: str, capacity: Number, profits: list[Number], weights: list[Number], file_name: str
) -> Solution:
    """What the last column of the same knapsack says is taken, and the optimum that `z` claims. Raises UnreadableFile."""
    rows = Rows(text, file_name=file_name, remedy="Name the file that lists this knapsack with what is taken.")
    stated = list(zip(profits, weights, strict=True))
    one = next((one for one in _listed(rows, len(stated)) if (one.capacity, one.items) == (capacity, stated)), None)
    if one is None:
        raise rows.error(None, "the file lists no knapsack like the one that is checked")
    if len(one.taken) != len(stated) or set(one.taken) - {"0", "1"}:
        raise rows.error(one.head, "each item of this knapsack should say 0 or 1 in its last column")
    return Solution({"take": [int(bit) for bit in one.taken]}, one.value)


def _listed(rows: Rows, items_max: int) -> list[_Listed]:
    found: list[_Listed] = []
    for row in rows:
        word = row.tokens[0]
        if word == "n" and len(row.tokens) == 2:
            rows.integer(row, row.tokens[1], "the number of items", 1, items_max)
            found.append(_Listed(row))
        elif found and word == "c" and len(row.tokens) == 2:
            found[-1].capacity = rows.number(row, row.tokens[1], "the capacity", 0)
        elif found and ("," in word or len(row.tokens) == 4) and word[0].isdigit():
            cells = [cell for token in row.tokens for cell in token.split(",") if cell]
            if len(cells) not in (3, 4):
                raise rows.error(row, "an item should read `item,profit,weight,taken`")
            found[-1].items.append(
                (rows.number(row, cells[1], "a profit", 0), rows.number(row, cells[2], "a weight", 0))
            )
            found[-1].taken += cells[3:]
        elif found and word == "z" and len(row.tokens) == 2:
            found[-1].value = parse_number(row.tokens[1])
        elif found and word not in ("z", "time") and not word.startswith(("-", "knapPI")) and not word[0].isalpha():
            raise rows.error(row, "an item should read `item,profit,weight,taken`")
        if len(found) > PROBLEMS_MAX:
            raise rows.error(row, f"there are more than {PROBLEMS_MAX} problems")
    if not found:
        raise rows.error(None, "the line `n items` is missing")
    return found
