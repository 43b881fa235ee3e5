"""Planning again, close to an earlier plan: what must stay, and what each change costs, written into the statement itself.

A plan is a set of parts. Every part of the new plan that the earlier one had not costs the same, and that is an amount of the
objective; what is pinned stands in the constraints. So every solver, QUBO and check keeps to it, as it would to any statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number, Problem
from queuebit_problems.errors import NotReplanned, ProblemError
from queuebit_problems.keeping.statement import KeepingStatement
from queuebit_problems.kind import Answer
from queuebit_problems.numeric import number
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation, usable_kinds

LABEL = "replan_of"
"""The label that names the job whose answer a question is kept to."""
COST_LABEL = "replan_change_cost"
"""The label that says what a change costs, and from which answer of which job, where that is added to the amounts of the
statement and stands nowhere else in it.
"""
FROM = " from "

Part = str
"""One part of a plan, as SUBJECT=VALUE where it is a choice for a subject."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How a plan differs from an earlier one."""

    kept: int
    new: tuple[Part, ...]
    gone: tuple[Part, ...]


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
    labels = {**body.get("labels", {}), LABEL: of_job}
    if change_cost and not isinstance(statement, KeepingStatement):
        if COST_LABEL in labels:
            raise _costs_twice(labels[COST_LABEL])
        labels[COST_LABEL] = f"{change_cost}{FROM}{of_job} {_digest(answer)}"
    again = replanned(kind, statement, dict(answer), pins, change_cost)
    stated = {**problem.model_dump(mode="json"), "statement": again.model_dump(mode="json")}
    return {**body, "problem": stated, "labels": labels}


def costs_from(labels: Mapping[str, str]) -> str | None:
    """The job from whose answer changes cost something in the amounts of a question with these labels; None where none do."""
    return labels.get(COST_LABEL, "").partition(FROM)[2].partition(" ")[0] or None


def without_costs(body: Mapping[str, Any], answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The request body as it was before a change from an earlier answer cost anything, so that a new cost takes the place of
    that one; what was pinned stays. As it is where that is none of these answers. `costs_from` names the job of the answer.
    """
    labels = dict(body.get("labels", {}))
    wanted = labels.get(COST_LABEL, "").rpartition(" ")[2]
    answer = next((each for each in answers if _digest(each) == wanted), None)
    if answer is None:
        return dict(body)
    problem = Problem.model_validate(body["problem"])
    kind, statement = parse_optimisation(problem)
    try:
        cost = number(Fraction(labels.pop(COST_LABEL).partition(FROM)[0]))
        parts = frozenset(_parts_of(kind, statement, dict(answer)) or ())
        plain = kind.parse(kind.with_change_cost(statement, parts, -cost).model_dump(mode="json"))
    except (ProblemError, ArithmeticError, ValueError):
        return dict(body)
    stated = {**problem.model_dump(mode="json"), "statement": plain.model_dump(mode="json")}
    return {**body, "problem": stated, "labels": labels}


def replanned(
    kind: Optimisation[Any], statement: Any, earlier: Answer, pins: Sequence[str], change_cost: Number | None
) -> Any:
    """The statement, kept to an earlier answer. `pins` are parts of that, or subjects of them, and must stay; each part that it
    had not costs `change_cost`. The answer may be to another statement: what it says of what is no more does not count. Raises
    NotReplanned, and InvalidStatement.
    """
    parts = _parts_of(kind, statement, earlier)
    if parts is None:
        raise _cannot(kind, "cannot be kept to earlier ones", "parts")
    if change_cost is not None and change_cost < 0:
        raise NotReplanned(
            f"A change cannot cost {change_cost}.",
            remedy="Say 0 or more: a reward for changes is no plan.",
            fields=(FieldError("/change_cost", "negative", "should be 0 or more"),),
        )
    pinned = _pinned(parts, pins)
    if pinned:
        if type(kind).pinned is Optimisation.pinned:
            raise _cannot(kind, "cannot be pinned", "pinned")
        statement = kind.pinned(statement, pinned)
    if change_cost:
        statement = kind.with_change_cost(statement, frozenset(parts), change_cost)
    return kind.parse(statement.model_dump(mode="json"))


def changes(kind: Optimisation[Any], statement: Any, earlier: Answer, answer: Answer) -> Changes | None:
    """How an answer differs from an earlier one; None where the kind has no parts to compare."""
    before, now = kind.parts(statement, earlier), kind.parts(statement, answer)
    if before is None or now is None:
        return None
    known, there = set(before), set(now)
    new = tuple(part for part in now if part not in known)
    return Changes(len(now) - len(new), new, tuple(part for part in before if part not in there))


def _digest(answer: Mapping[str, Any]) -> str:
    """Which of the answers of a job it was: a better one may have come since."""
    return fingerprint(dict(answer))[:16]


def _costs_twice(cost: str) -> NotReplanned:
    return NotReplanned(
        f"The amounts of this statement hold already what a change costs ({cost}): both would be paid.",
        remedy="Leave `change_cost` out, so that the cost of before goes on; or take the label replan_change_cost out in the "
        "patch, where that states all amounts anew.",
        fields=(FieldError("/change_cost", "twice", "is part of the statement already"),),
    )


def _parts_of(kind: Optimisation[Any], statement: Any, earlier: Answer) -> list[Part] | None:
    """The parts of an answer that may be of another kind. Raises NotReplanned."""
    try:
        return kind.parts(statement, earlier)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotReplanned(
            f"The earlier answer is none to a problem of the kind {kind.name}.",
            remedy=f"Keep the kind, whose answers are {kind.answer_shape}, or keep to nothing.",
            fields=(FieldError("/problem/kind", "other_kind", "is not that of the earlier answer"),),
        ) from None


def _pinned(parts: Collection[Part], pins: Sequence[str]) -> list[Part]:
    found, named = list[Part](), defaultdict[str, list[Part]](list)
    for part in parts:
        for name in {part, part.rpartition("=")[0] or part}:
            named[name].append(part)
    for pin in pins:
        mine = named.get(pin)
        if mine is None:
            some = ", ".join(sorted(parts)[:5])
            raise NotReplanned(
                f"The earlier answer has no part {pin!r}.",
                remedy=f"Name one of its parts, or what one is about: {some}{' …' if len(parts) > 5 else ''}.",
                fields=(FieldError("/pins", "unknown_part", f"{pin!r} is no part of the earlier answer"),),
            )
        found += mine
    return list(dict.fromkeys(found))


def _cannot(kind: Optimisation[Any], what: str, by: str) -> NotReplanned:
    """The refusal of a kind that has no method `by`, with those that have one."""
    others = (each for each in usable_kinds() if isinstance(each, Optimisation))
    names = ", ".join(each.name for each in others if getattr(type(each), by) is not getattr(Optimisation, by))
    return NotReplanned(
        f"Plans of {kind.name} {what}.",
        remedy=f"Those of these kinds can: {names}. What is linear in whole numbers is stated as binary_program.",
        fields=(FieldError("/problem/kind", "not_replanned", what),),
    )
