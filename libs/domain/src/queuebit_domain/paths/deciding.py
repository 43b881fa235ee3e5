"""The rules of a path: what happens when somebody registers it, a pair is there, time passes, or a person decides.

Down is automatic and at once; up is automatic but for the first step into a canary, which a person approves who does not
own the path. A refusal says what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from queuebit_contracts.paths import (
    PathEvent,
    PathFrozen,
    PathPairRecorded,
    PathRegistered,
    PathReopened,
    PathRetired,
    PathStageChanged,
    Stage,
)
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.gate import decided, numbers
from queuebit_domain.paths.judging import Judgement, judge
from queuebit_domain.paths.pairing import Unusable, pair_of, prefix
from queuebit_domain.paths.report import digest_of, report_of
from queuebit_domain.paths.state import NoPath, Path, evolve_path

GATE: Final = "gate"
"""Who acts where nobody has to be asked."""
_REASON_MAX: Final = 1000


class PathRefused(Exception):
    """What somebody wants with a path cannot be: why, and what to do instead."""

    transient = False

    def __init__(self, detail: str, *, remedy: str) -> None:
        super().__init__(f"{detail} {remedy}")
        self.detail = detail
        self.remedy = remedy


def register(path: NoPath | Path, wanted: PathRegistered) -> Sequence[PathEvent]:
    """A path comes to be; the same once more is nothing new. Raises PathRefused where it exists with another gate or budget,
    and where its gate could never show what it must.
    """
    if isinstance(path, NoPath):
        _check(wanted)
        return [wanted]
    if path.registered == wanted:
        return []
    raise PathRefused(
        "This path is registered already, and its gate and budget are fixed from then on.",
        remedy="Change a setting, which makes another path, or reopen this one: queuebit path reopen.",
    )


def _check(wanted: PathRegistered) -> None:
    spec = wanted.spec
    for name, share in (("margin", spec.margin), ("min_gain", spec.min_gain)):
        if share >= spec.clip:
            raise PathRefused(
                f"gate/{name}: {share:g} is no less than gate/clip, {spec.clip:g}, beyond which differences count as that.",
                remedy=f"State a {name} below the clip.",
            )


def record(path: Path, pair: PathPairRecorded, now: datetime) -> Sequence[PathEvent]:
    """What follows from one more pair: itself, what the gate has shown with it, and where that leads. Of a path that is
    given up it is paid for, and no more.
    """
    if path.stage == "retired":
        return [pair.model_copy(update={"counted": False})]
    after = evolve_path(path, pair, now)
    shown = decided(path.gate, after.gate, path.registered.spec)
    events: list[PathEvent] = [pair, *shown]
    for event in shown:
        after = evolve_path(after, event, now)
    return [*events, *look(after, now)]


def fold_ready(path: Path, cases: Sequence[Case], now: datetime) -> tuple[list[PathEvent], Path]:
    """What follows from the cases that are settled, given in the order in which they were asked, and the path after that."""
    events: list[PathEvent] = []
    for case in prefix(cases, path.registered, now):
        made = pair_of(path, case)
        fresh = record(path, made, now) if isinstance(made, PathPairRecorded) else _unusable(path, made)
        for event in fresh:
            path = evolve_path(path, event, now)
        events += fresh
    return events, path


def _unusable(path: Path, made: Unusable) -> Sequence[PathEvent]:
    paid: list[PathEvent] = [] if made.paid is None else [made.paid]
    if not (made.invalid and path.measures):
        return paid
    return [*paid, PathFrozen(actor=GATE, reason=f"Measured wrongly in the job {made.case.job_id}: {made.why}.")]


def look(path: Path, now: datetime) -> Sequence[PathEvent]:
    """What follows from where the path stands, and from the time."""
    found = judge(path, now)
    why = " ".join(found.why)[:_REASON_MAX]
    match found.word:
        case "rollback":
            return [_to(path, found, GATE)]
        case "promote" if not found.approval:
            return [_to(path, found, GATE)]
        case "futile" if found.approval:
            return [PathFrozen(actor=GATE, reason=why, proposal="retire")]
        case "futile":
            return [_retired(path, GATE, why)]
        case "invalid":
            return [PathFrozen(actor=GATE, reason=why, proposal=None)]
        case _:
            return []


def promote(path: Path, actor: str, reason: str, now: datetime) -> Sequence[PathEvent]:
    """A person lets the path go up where its gate is ready for it. Raises PathRefused."""
    found = judge(path, now)
    if found.word != "promote":
        raise PathRefused(
            f"The gate says {found.word}: {' '.join(found.why)}",
            remedy="A gate is not talked round: wait for the evidence that is missing, or register another path.",
        )
    if actor == path.registered.owner:
        raise PathRefused(f"{actor} owns the path.", remedy="Somebody else must approve its first step into a canary.")
    why = f"{reason} | {' '.join(found.why)}"[:_REASON_MAX]
    return [_to(path, found, actor, why)]


def freeze(path: Path, actor: str, reason: str) -> Sequence[PathEvent]:
    """Stop all that goes to the path, at once. One that is frozen already stays so. Raises PathRefused for a retired one."""
    if path.stage == "retired":
        raise PathRefused("The path is retired.", remedy="Nothing goes to it any more.")
    return [] if path.frozen is not None else [PathFrozen(actor=actor, reason=reason)]


def retire(path: Path, actor: str, reason: str) -> Sequence[PathEvent]:
    """Give the path up, with a report. One that is retired already stays so."""
    return [] if path.stage == "retired" else [_retired(path, actor, reason)]


def reopen(path: Path, to_stage: Stage, trigger: str, actor: str, reason: str) -> Sequence[PathEvent]:
    """Measure a path again that was frozen or retired: from the beginning of a stage in which it answers nobody.

    Raises PathRefused for one that is neither, and for a stage in which somebody would act on what it says.
    """
    if path.frozen is None and path.stage != "retired":
        raise PathRefused("The path is neither frozen nor retired.", remedy="See how it stands: queuebit path show.")
    if to_stage not in ("simulate", "batch_pilot", "shadow"):
        raise PathRefused(
            f"A path is not reopened into {to_stage}.",
            remedy="Use simulate, batch_pilot or shadow; its gate does the rest.",
        )
    return [PathReopened(to_stage=to_stage, trigger=trigger, actor=actor, reason=reason)]


def _to(path: Path, found: Judgement, actor: str, why: str = "") -> PathStageChanged:
    assert found.to_stage is not None
    return PathStageChanged(
        from_stage=path.stage,
        to_stage=found.to_stage,
        from_percent=path.percent,
        percent=found.percent,
        why=why or " ".join(found.why)[:_REASON_MAX],
        actor=actor,
        evidence=numbers(path.gate),
    )


def _retired(path: Path, actor: str, reason: str) -> PathRetired:
    text = report_of(path, actor=actor, reason=reason)
    return PathRetired(actor=actor, reason=reason, evidence_digest=digest_of(path), report=text)
