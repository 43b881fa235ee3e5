"""What became of an earlier plan; how a question is kept to one is `kept_to`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_contracts.jobs import Problem
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation
from queuebit_problems.replanning import LABEL as LABEL
from queuebit_problems.replanning import Changes, changes
from queuebit_problems.replanning import costs_from as costs_from
from queuebit_problems.replanning import kept_to as kept_to
from queuebit_problems.replanning import without_costs as without_costs


def changed(problem: Problem, earlier: Mapping[str, Any], answer: Mapping[str, Any]) -> Changes | None:
    """How an answer to this problem differs from an earlier one; None where plans of its kind are not compared."""
    kind, statement = parse_optimisation(problem)
    assert isinstance(kind, Optimisation)
    return changes(kind, statement, dict(earlier), dict(answer))
