"""Files of the OR-Library that hold several problems."""

from __future__ import annotations

from collections.abc import Callable

from queuebit_problems.formats.glance import Shape
from queuebit_problems.formats.text import Row, Rows
from queuebit_problems.kind import Params

PROBLEM_PARAM = "which problem of a file that holds several, from 1"


def chosen_problem(rows: Rows, head: Row, count: int, params: Params | None) -> int:
    """Which of the file's problems is meant, from 1. Raises UnreadableFile where it holds several and none is chosen."""
    wanted = (params or {}).get("problem", 1 if count == 1 else None)
    if type(wanted) is int and 1 <= wanted <= count:
        return wanted
    if wanted is None:
        raise rows.error(head, f"the file holds {count} problems; choose one with --param problem=N")
    raise rows.error(head, f"the param problem should be a whole number from 1 to {count}")


def adds_up(shape: Shape, heads: int, count: Callable[[list[int]], int], *, counted: bool = True) -> bool:
    """Whether the tokens of a text are as many problems as the first of them says, or one where they are not counted.

    Each problem starts with `heads` numbers; from the first two, `count` tells how many follow the heads.
    """
    problems = (shape.count_at(0) or 0) if counted else 1
    place = int(counted)
    for _ in range(min(problems, 1_000)):
        head = [number for k in range(2) if (number := shape.count_at(place + k)) is not None]
        if len(head) < 2:
            return False
        place += heads + count(head)
    return problems > 0 and place == shape.total
