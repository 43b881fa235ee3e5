"""The verdict on one instance: what is a bug, what is only worth knowing. Pure; it believes no number that it can recompute."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from queuebit_workbench.sweep.catalogue import Instance

Grade = Literal["ok", "bug", "refused", "unknown"]
Document = Mapping[str, Any]
CHANCE = 1e-6
"""How often a right distribution may be taken for a wrong one."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """An answer checked from the problem itself. `objective` is None where the kind has none or the answer is unreadable."""

    feasible: bool
    objective: float | None
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one instance. `gap` is relative to the best known value; `reasons` say why it is a bug, or what is worth
    knowing."""

    key: str
    kind: str | None
    size: int
    grade: Grade
    best: float | None = None
    objective: float | None = None
    gap: float | None = None
    proved: bool = False
    method: str = ""
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()


def refused(instance: Instance, detail: str) -> Row:
    """The verdict where the file was refused: right for files that state nothing valid, else it says why it was not taken."""
    if not instance.valid:
        return Row(instance.key, instance.kind, instance.size, "ok", reasons=(f"refused, as it should be: {detail}",))
    return Row(instance.key, instance.kind, instance.size, "refused", instance.best, reasons=(detail,))


def unknown(instance: Instance, detail: str) -> Row:
    """The verdict where nobody knows how to run the instance."""
    return Row(instance.key, instance.kind, instance.size, "unknown", instance.best, reasons=(detail,))


def judged(instance: Instance, document: Document, recomputed: Recomputed | None, seconds: float) -> Row:
    """The verdict on the document of a job that has ended. `recomputed` is None where the job has no answer."""
    bugs, notes = list(_failures(instance, document)), list[str]()
    claimed = document.get("objective")
    objective = claimed if isinstance(claimed, int | float) else None
    if recomputed is not None:
        bugs += _untrue(objective, recomputed)
        bugs += _worse_than_a_leg(document, objective)
        if instance.distribution is not None:
            bugs += _wrong_distribution(instance.distribution, document["answer"])
        elif instance.kind == "expectation":
            objective = _energy(document["answer"])
            bugs += _wrong_energy(instance, document["answer"])
        elif objective is not None and instance.best is not None:
            more, notes = _against_the_best(instance, document, float(objective), instance.best)
            bugs += more
    return Row(
        key=instance.key,
        kind=instance.kind,
        size=instance.size,
        grade="bug" if bugs else "ok",
        best=instance.best,
        objective=objective,
        gap=_gap(objective, instance.best),
        proved=bool(document.get("proven_optimal")),
        method=str((document.get("ran") or {}).get("method", "")),
        seconds=seconds,
        reasons=tuple(bugs or notes),
    )


def _failures(instance: Instance, document: Document) -> Iterator[str]:
    if not instance.valid:
        yield "an invalid file was answered"
    if document.get("state") != "completed" or document.get("answer") is None:
        failure = document.get("failure") or document.get("rejection") or {}
        yield f"no answer: the job is {document.get('state')}, {failure.get('detail', 'without a reason')}"
    for attempt in document.get("attempts") or ():
        failure = attempt.get("failure") or {}
        if failure.get("code") == "internal":
            yield f"{attempt.get('leg')} failed inside: {failure.get('detail')}"


def _untrue(objective: float | None, recomputed: Recomputed) -> Iterator[str]:
    if not recomputed.feasible:
        yield f"the answer is not feasible: {'; '.join(recomputed.complaints)}"
    true = recomputed.objective
    if true is not None and objective is not None and abs(true - objective) > 1e-9 * abs(true):
        yield f"the objective is {true}, not {objective}"


def _worse_than_a_leg(document: Document, objective: float | None) -> Iterator[str]:
    for attempt in document.get("attempts") or ():
        value = attempt.get("objective")
        if attempt.get("state") != "accepted" or value is None or objective is None:
            continue
        if (value > objective) if document.get("sense") == "max" else (value < objective):
            yield f"{attempt.get('leg')} had {value}, the answer has {objective}"


def _against_the_best(
    instance: Instance, document: Document, objective: float, best: float
) -> tuple[list[str], list[str]]:
    """(bugs, notes) about an objective and the best known one."""
    bugs, notes = list[str](), list[str]()
    sign = 1 if document.get("sense") == "max" else -1
    ahead = sign * (objective - best)
    if ahead > instance.tolerance:
        if instance.proven:
            bugs.append(f"{objective} is better than the proven optimum {best}")
        else:
            notes.append(f"better than the best known {best}")
    if ahead < -instance.tolerance:
        if document.get("proven_optimal"):
            bugs.append(f"{objective} is said to be proved, but {best} is known")
        else:
            notes.append("below the best known")
    bound = document.get("bound")
    if bound is not None and sign * (best - bound) > instance.tolerance:
        bugs.append(f"the bound {bound} excludes {best}, which is known")
    return bugs, notes


def _wrong_distribution(expected: Mapping[str, float], answer: Mapping[str, Any]) -> Iterator[str]:
    counts, shots = answer.get("counts", {}), answer.get("shots", 0)
    if not shots or sum(counts.values()) != shots:
        yield f"the counts add up to {sum(counts.values())}, not to {shots} shots"
        return
    distance = total_variation(expected, {bits: count / shots for bits, count in counts.items()})
    allowed = shot_noise(expected, shots)
    if distance > allowed:
        yield f"the distribution is {distance:.4f} away, {allowed:.4f} at most by {shots} shots"


def total_variation(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Half the sum of the differences of two distributions."""
    return sum(abs(left.get(bits, 0.0) - right.get(bits, 0.0)) for bits in left.keys() | right.keys()) / 2


def shot_noise(expected: Mapping[str, float], shots: int) -> float:
    """The distance that so many shots of the right distribution exceed only with the chance of CHANCE.

    The mean is at most half the sum of standard deviations; a shot moves the distance by at most 1 / shots (McDiarmid).
    """
    mean = sum(math.sqrt(max(0.0, p * (1 - p)) / shots) for p in expected.values()) / 2
    return mean + math.sqrt(math.log(1 / CHANCE) / (2 * shots))


def _energy(answer: Mapping[str, Any]) -> float | None:
    value = answer.get("value")
    return float(value) if isinstance(value, int | float) else None


def _wrong_energy(instance: Instance, answer: Mapping[str, Any]) -> Iterator[str]:
    value, best = _energy(answer), instance.best
    if value is None or best is None:
        yield "the answer states no value"
        return
    allowed = instance.tolerance + 5 * float(answer.get("std_error") or 0)
    if abs(value - best) > allowed:
        yield f"{value} is {abs(value - best):.2e} away from {best}, {allowed:.2e} at most"


def _gap(objective: float | None, best: float | None) -> float | None:
    if objective is None or best is None:
        return None
    return abs(objective - best) / abs(best) if best else abs(objective)
