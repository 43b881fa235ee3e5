"""A question asked again, kept to an earlier answer: what must stay, what a change costs, and what changed in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from queuebit_contracts.jobs import Number, Problem
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation
from queuebit_problems.replanning import Changes, changes, replanned

LABEL = "replan_of"
"""The label that names the job whose answer a question is kept to."""


def kept_to(
    body: Mapping[str, Any],
    answer: Mapping[str, Any],
    *,
    of_job: str,
    pins: Sequence[str] = (),
    change_cost: Number | None = None,
) -> dict[str, Any]:
    """The request body whose statement is kept to the answer of a job: `pins` are parts of it that stay, and each part that it
    had not costs `change_cost`. Raises ProblemError (NotReplanned) where the kind or the statement does not allow it.
    """
    problem = Problem.model_validate(body["problem"])
    kind, statement = parse_optimisation(problem)
    again = replanned(kind, statement, dict(answer), pins, change_cost)
    stated = {**problem.model_dump(mode="json"), "statement": again.model_dump(mode="json")}
    return {**body, "problem": stated, "labels": {**body.get("labels", {}), LABEL: of_job}}


def changed(problem: Problem, earlier: Mapping[str, Any], answer: Mapping[str, Any]) -> Changes | None:
    """How an answer to this problem differs from an earlier one; None where plans of its kind are not compared."""
    kind, statement = parse_optimisation(problem)
    assert isinstance(kind, Optimisation)
    return changes(kind, statement, dict(earlier), dict(answer))
