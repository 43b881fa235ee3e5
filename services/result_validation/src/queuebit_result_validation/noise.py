"""What the noise of a simulated machine explains: how far it may take an answer from the exact result."""

from __future__ import annotations

import math
from typing import Any

from queuebit_contracts.events import ExecutionSucceeded
from queuebit_problems.measurement import Examination, Test
from queuebit_problems.measuring.machine_noise import bias_max, error_probability

VALUE, RANGE = "value", "range"
"""The tests whose statistics are how far a mean is from the exact one, and which keeps the largest distance of any."""
MEAN = "mean"
"""The test whose statistic is how far the entries of a kernel are off on average."""
NEVER = frozenset(
    {
        RANGE, "unmeasured bits", "diagonal", "symmetry", "repaired", "mitigated", "deviation", "sum of terms", "precision",
        "noise model", "mitigated again", "bias_max", "least error", "errors of terms",
    }
)  # fmt: skip
"""The tests of what holds for the results of any machine."""
TOTAL_VARIATION, POSSIBLE = "total variation", "possible outcomes"
"""The tests whose statistics are the distance between the measured and the exact distribution, and the runs that no circuit
without noise can give.
"""
BIAS = "bias"
"""The test whose statistic is how far noise takes a distribution on average: no chance is in it."""
FALSE_ALARM = 1e-8
"""How often noise of the size that is named may look like more."""


def noise_allowed(execution: ExecutionSucceeded, found: Examination) -> float | None:
    """How far noise may take the distribution of an answer from the exact one; None where noise explains nothing.

    That is so where no noise was simulated, where the param `reference` says ideal, and where the answer is further away than
    the gates and readouts can take it that the worker names: no error happens with a probability of about their `success`.
    """
    noise, target = execution.provenance.get("noise"), execution.evidence.get("target")
    if (
        noise in (None, "ideal")
        or execution.params.get("reference", "noise") == "ideal"
        or not isinstance(target, dict)
    ):
        return None
    circuits = target.get("circuits")
    stated = [each.get("success") for each in circuits if isinstance(each, dict)] if isinstance(circuits, list) else []
    successes = [each for each in stated if isinstance(each, float | int) and 0 <= each <= 1]
    if not successes or len(successes) < len(stated):
        return None
    allowed = error_probability(successes)
    shots = max(1, _shots(execution.answer))
    chance = -2 * math.log(FALSE_ALARM) / shots
    strays = allowed + math.sqrt(chance * allowed) + chance
    limits = {
        test.name: test.limit + explained(allowed, test, found)
        for test in found.tests
        if test.name in (TOTAL_VARIATION, VALUE, MEAN)
    }
    limits[BIAS] = allowed
    limits[POSSIBLE] = shots * strays
    beyond = any(abs(test.statistic) > limits.get(test.name, math.inf) for test in found.tests)
    never = any(not test.passed for test in found.tests if test.name in NEVER)
    return None if beyond or never or not allowed else allowed


def explained(allowed: float, test: Test, found: Examination) -> float:
    """How far noise may take the statistic of a test: a distance between distributions, or one in the unit of a mean."""
    if test.name != VALUE:
        return allowed
    return bias_max(allowed, next((each.limit for each in found.tests if each.name == RANGE), 0.0))


def _shots(answer: Any) -> int:
    """Runs of a circuit; of many circuits the most that any had."""
    if not isinstance(answer, dict):
        return 0
    results = answer.get("results")
    parts = [part for each in results for part in each] if isinstance(results, list) else [answer]
    stated = (part.get("shots") for part in parts if isinstance(part, dict))
    return max((each for each in stated if type(each) is int), default=0)
