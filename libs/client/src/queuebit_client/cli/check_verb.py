"""`queuebit check`: flags here, what it does in `check.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o


def check(
    file: o.File,
    answer: Annotated[
        str,
        typer.Argument(
            metavar="ANSWER", help="An answer as JSON, or what `--json` printed of a job; - for standard input."
        ),
    ],
    kind: o.Kind = None,
    param: o.Param = None,
    why_not: o.WhyNot = None,
    as_json: o.Json = False,
) -> int:
    """Recompute an answer, without a server.

    Exit 0: feasible, and of the objective that is claimed, if any. 1: not so. 2: a file cannot be read.
    With --why-not, exit 1: the other choice would be better.
    """
    if why_not:
        from queuebit_client.cli.check import read_answer
        from queuebit_client.cli.files import problem_of
        from queuebit_client.cli.why_not import otherwise, told

        problem = problem_of(o.Submission(file, kind, params=param or []))
        return told(otherwise(problem, read_answer(answer, problem)[0], why_not), as_json=as_json)
    from queuebit_client.cli.check import check as check_answer

    return check_answer(o.Submission(file, kind, params=param or []), answer, as_json=as_json)
