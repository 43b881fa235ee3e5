"""Files of the OR-Library that hold several problems."""

from __future__ import annotations

from collections.abc import Callable

from queuebit_problems.kind import Params
from queuebit_problems.text import Row, Rows

PROBLEM_PARAM = "which problem of a file that holds several, from 1"


def chosen_problem(rows: Rows, head: Row, count: int, params: Params | None) -> int:
    """Which of the file's problems is meant, from 1. Raises UnreadableFile where it holds several and none is chosen."""
    wanted = (params or {}).get("problem", 1 if count == 1 else None)
    if type(wanted) is int and 1 <= wanted <= count:
        return wanted
    if wanted is None:
        raise rows.error(head, f"the file holds {count} problems; choose one with --param problem=N")
    raise rows.error(head, f"the param problem should be a whole number from 1 to {count}")


def adds_up(tokens: list[str], heads: int, count: Callable[[list[int]], int], *, counted: bool = True) -> bool:
    """Whether the tokens are as many problems as the first of them says, or one where they are not counted.

    Each problem starts with `heads` numbers; from the first two, `count` tells how many follow the heads.
    """
    problems = int(tokens[0]) if counted and tokens and tokens[0].isdigit() else int(not counted)
    place = int(counted)
    for _ in range(min(problems, 1_000)):
        head = tokens[place : place + 2]
        if len(head) < 2 or not all(token.isdigit() for token in head):
            return False
        place += heads + count([int(token) for token in head])
    return problems > 0 and place == len(tokens)
