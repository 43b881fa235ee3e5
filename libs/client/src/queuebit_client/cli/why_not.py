"""Why not another choice: the answer with something else in it, recomputed by the kind's own rules, beside what it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from queuebit_client.cli.check import Checked, checked
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFlag
from queuebit_client.cli.output import print_json, print_line
from queuebit_client.cli.session import Target

if TYPE_CHECKING:
    from queuebit_contracts.jobs import Number, Problem

FORM = "Say PLACE=VALUE, with the place as a path in the answer and the value as JSON, such as side/3=1."
LINES_MAX = 10


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What the answer would be worth with the choices in it. `difference`: by how much its objective would be higher; None
    where it cannot be read. `better`: whether it would keep every constraint and be better.
    """

    is_now: Checked
    would_be: Checked

    @property
    def difference(self) -> Number | None:
        if self.is_now.objective is None or self.would_be.objective is None:
            return None
        exact = Fraction(self.would_be.objective) - Fraction(self.is_now.objective)
        return int(exact) if exact.denominator == 1 else float(exact)

    @property
    def better(self) -> bool:
        difference = self.difference
        if difference is None or not self.would_be.feasible:
            return False
        return difference > 0 if self.is_now.sense == "max" else difference < 0

    def words(self) -> str:
        """The verdict in a sentence."""
        if self.would_be.answer_errors:
            return "It would be no answer: " + "; ".join(map(str, self.would_be.answer_errors[:LINES_MAX]))
        worth = f"objective {self.would_be.objective} instead of {self.is_now.objective}"
        if not self.would_be.feasible:
            broken = "; ".join(each.detail for each in self.would_be.violations[:LINES_MAX])
            return f"It would break what must hold ({worth}): {broken}"
        if self.better:
            return f"It would be better: {worth}."
        return f"It would be {'as good' if self.difference == 0 else 'worse'}: {worth}."


def otherwise(problem: Problem, answer: dict[str, Any], choices: Sequence[str]) -> Otherwise:
    """Both, recomputed. Raises BadFlag where a choice names no place in the answer, or the kind measures."""
    changed = copy.deepcopy(answer)
    for choice in choices:
        _put(changed, choice)
    now, then = checked(problem, answer, None), checked(problem, changed, None)
    if not isinstance(now, Checked) or not isinstance(then, Checked):
        raise BadFlag(f"{problem.kind} measures: its answers hold no choices.", remedy="Leave --why-not out.")
    return Otherwise(now, then)


def why_not(target: Target, job_id: str, choices: Sequence[str], *, as_json: bool) -> ExitCode:
    """Why the answer of a job has not these choices in it. Raises BadFlag where it has no answer."""
    from queuebit_contracts.jobs import Problem

    with target.client() as client:
        job = client.get(job_id)
        if job.answer is None:
            raise BadFlag(f"The job is {job.state} and has no answer.", remedy="Name a job that was answered.")
        first = next(client.watch(job_id, compact=False))
    return told(otherwise(Problem(**first.data["request"]["problem"]), job.answer, choices), as_json=as_json)


def told(found: Otherwise, *, as_json: bool) -> ExitCode:
    """Print it. Exit 1 where the other choice is better."""
    if as_json:
        then = found.would_be
        print_json(
            {
                "better": found.better,
                "objective": found.is_now.objective,
                "would_be": then.objective,
                "difference": found.difference,
                "feasible": then.feasible,
                "violations": [
                    {"code": each.code, "detail": each.detail, "amount": each.amount} for each in then.violations
                ],
                "answer_errors": [str(each) for each in then.answer_errors],
            }
        )
    else:
        print_line(found.words())
    return ExitCode.JOB_NOT_ACCEPTED if found.better else ExitCode.OK


def _put(answer: dict[str, Any], choice: str) -> None:
    place, equals, text = choice.partition("=")
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    *way, last = place.strip("/").split("/")
    if not equals or value is None or not last:
        raise BadFlag(f"--why-not {choice!r} is no choice.", remedy=FORM)
    at: Any = answer
    try:
        for step in way:
            at = at[int(step)] if isinstance(at, list) else at[step]
        key: Any = int(last) if isinstance(at, list) else last
        if isinstance(key, int) and key < 0:
            raise IndexError
        at[key]
        at[key] = value
    except (KeyError, IndexError, TypeError, ValueError):
        raise BadFlag(f"--why-not {choice!r}: the answer has no {place}.", remedy=FORM) from None
