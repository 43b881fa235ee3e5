"""Files of the OR-Library that hold several problems."""

from __future__ import annotations

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
