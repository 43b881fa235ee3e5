"""From a document to tables that decide. What does not fit together is refused with the place, the reason and the remedy."""

from __future__ import annotations

import string
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from queuebit_contracts.policy import (
    ApprovalRow,
    ExperimentRow,
    FactRef,
    GuardRow,
    PolicyDocument,
    RoutingRow,
    Row,
    Wanted,
)
from queuebit_domain.errors import InvalidPolicy
from queuebit_domain.policy.facts import FACTS, Facts, FactSpec
from queuebit_domain.policy.opening import problems_of_windows
from queuebit_domain.policy.plans import PARAM_MAX, expanded, problems_of_legs
from queuebit_domain.policy.tables import (
    Approver,
    Condition,
    Experiment,
    Guard,
    Op,
    Policy,
    Rule,
)

_ORDERED: Final = frozenset({"lt", "le", "gt", "ge"})


class Problem(NamedTuple):
    """One thing that is wrong: `at` is a path into the document, such as `routing/late/when/time_left_s`."""

    code: str
    at: str
    detail: str
    remedy: str


def compiled(document: PolicyDocument, version: str, digest: str | None = None) -> Policy:
    """The policy that a document states. Raises InvalidPolicy, which says everything that is wrong with it."""
    problems = list(problems_of(document))
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise InvalidPolicy(f"{version}: {first.at}: {first.detail}{more}", remedy=first.remedy)
    rows = [row for _, row in rows_of(document)]
    return Policy(
        version,
        document,
        guards=tuple(_guard(row) for row in document.guards),
        routing=tuple(_rule(row, document) for row in document.routing),
        experiments=tuple(_experiment(row) for row in document.experiments),
        approvals=tuple(_approver(row, document) for row in document.approvals),
        reads=frozenset(name for row in rows for name in _facts_of(row)) | _facts_of_plans(document),
        digest=digest,
    )


def conditions_of(row: Row) -> tuple[Condition, ...]:
    """The conditions of a row: fact by fact as they are written, those of one fact in the order of `Wanted`."""
    return tuple(
        Condition(fact, op, operand) for fact, wanted in row.when.items() for op, operand in _operands_of(wanted)
    )


def problems_of(document: PolicyDocument) -> Iterator[Problem]:
    """What keeps a document from being a policy: names that stand for nothing, values that a fact cannot have."""
    yield from _twice(document)
    for table, row in rows_of(document):
        at = f"{table}/{row.id}"
        for fact, wanted in row.when.items():
            yield from _of_condition(f"{at}/when/{fact}", fact, wanted)
        yield from _of_sentence(f"{at}/reason", row.reason)
        if isinstance(row, RoutingRow) and row.use not in document.plans:
            yield Problem(
                "unknown_plan", f"{at}/use", f"there is no plan {row.use!r}", _meant(row.use, list(document.plans))
            )
        if isinstance(row, ExperimentRow) and row.add.role != "shadow":
            remedy = "Write `role: shadow`; who answers is for routing to say."
            yield Problem("experiment_answers", f"{at}/add/role", "an experiment never answers", remedy)
        if isinstance(row, ExperimentRow) and (row.add.copies > 1 or row.add.rounds or row.add.advises):
            remedy = "Write a row for each leg."
            yield Problem("experiment_of_many", f"{at}/add", "an experiment is one leg, and advises nobody", remedy)
        if isinstance(row, ApprovalRow):
            yield from _of_approval(at, row, document)
        if isinstance(row, GuardRow) and "rule" in row.deny:
            remedy = "Take `rule` out: it is what is left when all else is forbidden."
            yield Problem("rule_denied", f"{at}/deny", "the default answer cannot be forbidden", remedy)
    for name, form in document.plans.items():
        yield from (Problem(*each) for each in problems_of_legs(f"plans/{name}", form.legs))
    yield from (Problem(*each) for each in problems_of_windows(document))


def rows_of(document: PolicyDocument) -> Iterator[tuple[str, Row]]:
    """Every row with its table."""
    tables: tuple[tuple[str, tuple[Row, ...]], ...] = (
        ("guards", document.guards),
        ("routing", document.routing),
        ("experiments", document.experiments),
        ("approvals", document.approvals),
    )
    for table, rows in tables:
        for row in rows:
            yield table, row


def sentence(reason: str, facts: Facts) -> str:
    """The reason with its facts filled in."""
    if "{" not in reason:
        return reason
    told = string.Formatter().parse(reason)
    return "".join(f"{text}{'' if name is None else _shown(getattr(facts, name))}" for text, name, _, _ in told)


def _shown(value: object) -> str:
    return "unknown" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _operands_of(wanted: Wanted) -> Iterator[tuple[Op, Any]]:
    for op in Wanted.model_fields:
        operand = getattr(wanted, op)
        if operand is not None:
            yield op, operand  # type: ignore[misc]


def _facts_of(row: Row) -> Iterator[str]:
    for condition in conditions_of(row):
        yield condition.fact
        if isinstance(condition.operand, FactRef):
            yield condition.operand.fact
    yield from (name for _, name, _, _ in string.Formatter().parse(row.reason) if name)


def _facts_of_plans(document: PolicyDocument) -> frozenset[str]:
    """What plans ask: a leg of an earlier answer is one only where there is such an answer."""
    cached = any(leg.cached for form in document.plans.values() for leg in form.legs)
    return frozenset({"cached_age_s"}) if cached else frozenset()


def _guard(row: GuardRow) -> Guard:
    return Guard(row.id, frozenset(row.deny), row.reason, conditions_of(row), row.owner)


def _rule(row: RoutingRow, document: PolicyDocument) -> Rule:
    form = document.plans[row.use]
    legs = tuple(planned for leg in form.legs for planned in expanded(leg))
    return Rule(row.id, form.plan, legs, row.reason, conditions_of(row), row.owner, row.propensity)


def _experiment(row: ExperimentRow) -> Experiment:
    (leg,) = expanded(row.add)
    measured = leg._replace(after_end=leg.after_end or "measure")
    return Experiment(row.id, measured, row.reason, conditions_of(row), row.owner, row.propensity)


def _approver(row: ApprovalRow, document: PolicyDocument) -> Approver:
    form = document.plans.get(row.on_expiry)
    legs = tuple(planned for leg in form.legs for planned in expanded(leg)) if form else ()
    otherwise = form.plan if form else None
    return Approver(
        row.id, row.role, row.quorum, row.expires_s, otherwise, legs, frozenset(row.plans), row.reason, conditions_of(row),
        row.owner,
    )  # fmt: skip


def _twice(document: PolicyDocument) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for table, row in rows_of(document):
        if (table, row.id) in seen:
            yield Problem("row_twice", f"{table}/{row.id}", "two rows have this id", "Give each row its own.")
        seen.add((table, row.id))


def _of_approval(at: str, row: ApprovalRow, document: PolicyDocument) -> Iterator[Problem]:
    if row.on_expiry != "deny" and row.on_expiry not in document.plans:
        known = ["deny", *document.plans]
        yield Problem(
            "unknown_plan", f"{at}/on_expiry", f"there is no plan {row.on_expiry!r}", _meant(row.on_expiry, known)
        )
    shown = {form.plan for form in document.plans.values()}
    for name in row.plans:
        if name not in shown:
            yield Problem("unknown_plan", f"{at}/plans", f"no plan is shown as {name!r}", _meant(name, list(shown)))


def _of_condition(at: str, fact: str, wanted: Wanted) -> Iterator[Problem]:
    spec = FACTS.get(fact)
    if spec is None:
        yield Problem("unknown_fact", at, f"there is no fact {fact!r}", _meant(fact, list(FACTS)))
        return
    found = list(_operands_of(wanted))
    if not found:
        remedy = "Write a value, or an operator such as `{ge: 5}`."
        yield Problem("empty_condition", at, "nothing is wanted of the fact", remedy)
    for op, operand in found:
        if op == "known":
            if not spec.optional:
                yield Problem("always_known", f"{at}/known", "the fact is known of every job", "Leave it out.")
        elif op in _ORDERED and spec.type not in ("count", "number"):
            remedy = "Use eq, ne, any_of or none_of."
            yield Problem("no_order", f"{at}/{op}", f"a fact of the type {spec.type} has no order", remedy)
        elif isinstance(operand, FactRef):
            yield from _of_reference(f"{at}/{op}", spec, operand)
        else:
            for value in operand if isinstance(operand, tuple) else (operand,):
                yield from _of_value(f"{at}/{op}", spec, value)


def _of_reference(at: str, spec: FactSpec, reference: FactRef) -> Iterator[Problem]:
    other = FACTS.get(reference.fact)
    if other is None:
        yield Problem("unknown_fact", at, f"there is no fact {reference.fact!r}", _meant(reference.fact, list(FACTS)))
    elif {spec.type, other.type} - {"count", "number"}:
        remedy = "Compare counts and numbers with one another."
        yield Problem("not_numbers", at, f"{spec.name} ({spec.type}) cannot be compared with {other.name}", remedy)
    elif spec.unit != other.unit:
        detail = f"{spec.name} is in {spec.unit or 'no unit'}, {other.name} in {other.unit or 'no unit'}"
        yield Problem("other_unit", at, detail, "Compare what has the same unit.")


def _of_value(at: str, spec: FactSpec, value: bool | int | float | str) -> Iterator[Problem]:
    match spec.type:
        case "truth":
            fits = isinstance(value, bool)
        case "text":
            fits = isinstance(value, str)
        case "count":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits:
        wanted = {"truth": "true or false", "text": "a text", "count": "a whole number", "number": "a number"}
        hint = " In YAML `off`, `no` and `on` without quotes are truth values." if isinstance(value, bool) else ""
        detail = f"{spec.name} is {wanted[spec.type]}, and {value!r} is not"
        yield Problem("wrong_type", at, detail, f"Write {wanted[spec.type]}.{hint}")
    elif not isinstance(value, bool | str) and abs(value) > PARAM_MAX:
        yield Problem("too_large", at, f"no {spec.name} is as large", f"Write a number up to {PARAM_MAX:g}.")
    elif spec.values and value not in spec.values:
        detail = f"{spec.name} is never {value!r}"
        yield Problem("never", at, detail, f"Use one of: {', '.join(spec.values)}.")


def _of_sentence(at: str, reason: str) -> Iterator[Problem]:
    try:
        parsed = list(string.Formatter().parse(reason))
    except ValueError as error:
        yield Problem("bad_sentence", at, f"it cannot be read: {error}", "Write {{ for a brace that is meant.")
        return
    for _, name, form, conversion in parsed:
        if name is None:
            continue
        if name not in FACTS:
            yield Problem("unknown_fact", at, f"there is no fact {name!r}", _meant(name, list(FACTS)))
        elif form or conversion:
            yield Problem("bad_sentence", at, f"{{{name}}} is written with a format", f"Write {{{name}}} alone.")


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(sorted(known))}."
