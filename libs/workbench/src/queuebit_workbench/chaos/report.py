"""What a run came to, as JSON and for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from queuebit_workbench.chaos.plan import FAULTS
from queuebit_workbench.chaos.run import Run


def document_of(run: Run) -> dict[str, Any]:
    """Everything, as JSON."""
    found, settings = run.judgement, run.settings
    return {
        "ok": found.holds,
        "seed": settings.seed,
        "minutes": settings.minutes,
        "control_planes": settings.control_planes,
        "faults": {
            fault: {"fired": found.fired[fault], "jobs_on_their_way": found.affected.get(fault, 0)}
            for fault in FAULTS
            if fault in settings.faults
        },
        "ends": dict(found.ends),
        "counts": run.counts,
        "services_ended": dict(run.ends_of_services),
        "witnesses_missing": run.testimony.missing,
        "violations": found.violations,
        "too_little": found.too_little,
        "verified": run.verified,
        "happened": [
            {
                "fault": each.fault,
                "detail": each.detail,
                "began_at": each.began_at.isoformat(timespec="milliseconds"),
                "took_s": round((each.ended_at - each.began_at).total_seconds(), 1),
            }
            for each in run.happened
        ],
    }


def lines_of(run: Run) -> Iterator[str]:
    """For people."""
    found = run.judgement
    yield f"{'fault':<20} {'fired':>6} {'jobs on their way':>18}"
    for fault in FAULTS:
        if fault in run.settings.faults:
            yield f"{fault:<20} {found.fired[fault]:>6} {found.affected.get(fault, 0):>18}"
    for name, count in (*run.counts.items(), *sorted(found.ends.items()), *sorted(run.ends_of_services.items())):
        yield f"{count:>8} {name}"
    for each in run.testimony.missing:
        yield f"WITNESS MISSING: {each}"
    for each in found.violations:
        yield f"VIOLATED: {each}"
    for each in found.too_little:
        yield f"TOO LITTLE: {each}"
    yield "All holds." if found.holds else "It does not hold."
