"""What a policy says that nobody can have meant: rows that never decide, numbers between two rows that none takes, rows that
overlap by accident. Exact: each fact is cut where the table cuts it, and a row is a set of these pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from queuebit_contracts.policy import PolicyDocument, Row
from queuebit_domain.policy.boxes import Box, Pieces, covered, facts_in, meet
from queuebit_domain.policy.compiling import conditions_of, problems_of
from queuebit_domain.policy.facts import FACTS

Level = Literal["error", "warning", "note"]
_FREE: Final[frozenset[str]] = frozenset({"classical", "rule"})


class Finding(NamedTuple):
    """What is wrong, or may be. Errors keep a policy from being published; notes are what is often meant."""

    level: Level
    code: str
    at: str
    detail: str
    remedy: str


def lint(document: PolicyDocument) -> list[Finding]:
    """Everything that is found, errors first. Where names stand for nothing, nothing else is looked at."""
    broken = [Finding("error", *problem) for problem in problems_of(document)]
    if broken:
        return broken
    found: list[Finding] = []
    found += _defaults(document)
    for table in ("guards", "routing", "experiments", "approvals"):
        rows: Sequence[Row] = getattr(document, table)
        pieces = Pieces(condition for row in rows for condition in conditions_of(row))
        boxes = [pieces.box(conditions_of(row)) for row in rows]
        found += _impossible(table, rows, boxes)
        if table == "routing":
            found += _shadowed(rows, boxes, pieces)
            found += _overlaps(document, rows, boxes)
        found += _gaps(table, rows, boxes, pieces)
    found += _unknowns(document)
    found += _unused(document)
    return sorted(found, key=lambda each: ("error", "warning", "note").index(each.level))


def _defaults(document: PolicyDocument) -> Iterator[Finding]:
    last = document.routing[-1]
    at = f"routing/{last.id}"
    if last.when:
        remedy = "End routing with a row whose `when` is empty."
        yield Finding("error", "no_default", at, "a job may be taken by no row", remedy)
    elif not _lanes_first(document, last.use) <= _FREE:
        remedy = "End routing with a plan that a classical or rule leg answers first."
        yield Finding("error", "costly_default", at, "what is left when all else is forbidden may cost money", remedy)


def _lanes_first(document: PolicyDocument, plan: str) -> set[str]:
    return {leg.lane for leg in document.plans[plan].legs if leg.role == "primary"}


def _impossible(table: str, rows: Sequence[Row], boxes: Sequence[Box | None]) -> Iterator[Finding]:
    for row, box in zip(rows, boxes, strict=True):
        if box is None:
            remedy = "Look at its numbers: no value is in all of them."
            yield Finding("error", "impossible", f"{table}/{row.id}", "its conditions exclude one another", remedy)


def _shadowed(rows: Sequence[Row], boxes: Sequence[Box | None], pieces: Pieces) -> Iterator[Finding]:
    """Rows that are never reached, because rows before them take all that they would. The last one stands for the rest, also
    where there is none.
    """
    for place, (row, box) in enumerate(zip(rows[:-1], boxes, strict=False)):
        before = [(rows[at].id, other) for at, other in enumerate(boxes[:place]) if other is not None]
        if box is None:
            continue
        relevant = [(name, other) for name, other in before if meet(box, other) is not None]
        if relevant and covered(box, [other for _, other in relevant], pieces):
            alone = [name for name, other in relevant if covered(box, [other], pieces)]
            taken = alone[0] if alone else ", ".join(name for name, _ in relevant)
            remedy = "Take it out, put it before them, or narrow them."
            yield Finding(
                "error", "unreachable", f"routing/{row.id}", f"it is never reached: {taken} takes all of it", remedy
            )


def _overlaps(document: PolicyDocument, rows: Sequence[Row], boxes: Sequence[Box | None]) -> Iterator[Finding]:
    """Pairs that share some jobs, where neither is the general case of the other and their plans differ."""
    uses = {row.id: row.use for row in document.routing}
    for place, (row, box) in enumerate(zip(rows, boxes, strict=True)):
        for other, second in zip(rows[place + 1 :], boxes[place + 1 :], strict=True):
            if box is None or second is None or uses[row.id] == uses[other.id]:
                continue
            shared = meet(box, second)
            if shared is not None and shared not in (box, second):
                detail = f"jobs that both would take go to {row.id}, which stands first"
                remedy = f"Say what {other.id} is to take, or leave it where that is meant."
                yield Finding("note", "overlap", f"routing/{other.id}", detail, remedy)


def _gaps(table: str, rows: Sequence[Row], boxes: Sequence[Box | None], pieces: Pieces) -> Iterator[Finding]:
    """Numbers between those that alike rows take, which none of them takes."""
    groups: dict[tuple[str, tuple[tuple[str, int], ...]], list[tuple[str, int]]] = {}
    for row, box in zip(rows, boxes, strict=True):
        if box is None:
            continue
        for fact, mask in box.items():
            if fact in FACTS and FACTS[fact].type in ("count", "number"):
                rest = tuple(sorted((name, other) for name, other in box.items() if name != fact))
                groups.setdefault((fact, rest), []).append((row.id, mask))
    for (fact, _), taken in groups.items():
        if len(taken) < 2:
            continue
        for hole in pieces.holes(fact, [mask for _, mask in taken]):
            names = " and ".join(name for name, _ in taken)
            remedy = "Let one of them reach to the other, or add a row."
            detail = f"no row takes {fact} {hole}, which is between {names}"
            yield Finding("warning", "gap", f"{table}/{taken[-1][0]}", detail, remedy)


def _unknowns(document: PolicyDocument) -> Iterator[Finding]:
    """Facts that nobody may know: which way that goes is said, since a guard and a row take it differently."""
    for table, rows in (("routing", document.routing), ("guards", document.guards)):
        for row in rows:
            conditions = conditions_of(row)
            asked = {each.fact for each in conditions if each.op == "known"}
            named = {name for each in conditions if each.op != "known" for name in facts_in(each)} - asked
            unknown = sorted(name for name in named if FACTS[name].optional)
            if unknown and table == "guards":
                detail = f"where {' or '.join(unknown)} is not known it forbids too"
                remedy = f"Add `{unknown[0]}: {{known: true}}` where that is too strict."
                yield Finding("note", "unknown_forbids", f"guards/{row.id}", detail, remedy)
            elif unknown:
                detail = f"where {' or '.join(unknown)} is not known the rows behind it decide"
                yield Finding(
                    "note", "unknown_passes", f"routing/{row.id}", detail, "Write a row for it where it matters."
                )


def _unused(document: PolicyDocument) -> Iterator[Finding]:
    used = {row.use for row in document.routing}
    used |= {row.on_expiry for row in document.approvals}
    for name in document.plans:
        if name not in used:
            yield Finding(
                "warning", "unused_plan", f"plans/{name}", "no row uses it", "Take it out, or let a row use it."
            )


def counted(findings: Sequence[Finding]) -> Mapping[Level, int]:
    """How many of each level."""
    levels: tuple[Level, ...] = ("error", "warning", "note")
    return {level: sum(each.level == level for each in findings) for level in levels}
