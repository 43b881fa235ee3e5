"""The report of a set of jobs: each job, and a summary of each kind and lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from queuebit_client.honesty.job import report_of
from queuebit_client.honesty.numbers import Share, is_number, section

MEASURES = ("gap", "q", "q_random", "q_normalised", "feasible_fraction", "p_opt")
"""What medians are taken of."""

LANES = ("quantum", "simulator", "classical", "rule")


def honesty_report(documents: Iterable[Mapping[str, Any]], *, lane: str | None = None) -> dict[str, Any]:
    """The report of all these jobs, or of those in which a lane took part; in their order."""
    jobs = [report_of(document) for document in documents]
    if lane is not None:
        jobs = [job for job in jobs if any(attempt["lane"] == lane for attempt in job["attempts"])]
    return {"jobs": jobs, "summary": summary_of(jobs)}


def summary_of(jobs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A line for each kind and lane that took part, by name of the kind. Times stand apart, in `circumstances`.

    `won` is the share of the completed jobs with an attempt on the lane whose answer came from it.
    """
    lines = []
    for kind in sorted({str(job["kind"]) for job in jobs}):
        of_kind = [job for job in jobs if str(job["kind"]) == kind]
        for lane in LANES:
            part = [job for job in of_kind if any(attempt["lane"] == lane for attempt in job["attempts"])]
            if part:
                lines.append(_line(kind, lane, part))
    return lines


def _line(kind: str, lane: str, jobs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    attempts = [attempt for job in jobs for attempt in job["attempts"] if attempt["lane"] == lane]
    completed = [job for job in jobs if job["state"] == "completed"]
    won = [job["winner"] for job in completed if job["winner"] is not None and job["winner"]["lane"] == lane]
    placebo = [attempt["placebo_matched"] for attempt in attempts if attempt["placebo_matched"] is not None]
    accepted = sum(attempt["state"] == "accepted" for attempt in attempts)
    return {
        "kind": kind,
        "lane": lane,
        "jobs": len(jobs),
        "completed": len(completed),
        "attempts": len(attempts),
        "accepted": share_of(accepted, len(attempts)),
        "won": share_of(len(won), len(completed)),
        "credits": dict(sorted(Counter(winner["credit"] for winner in won).items())),
        "proven_optimal": sum(attempt["proven_optimal"] is True for attempt in attempts),
        "placebo_matched": share_of(sum(placebo), len(placebo)),
        **{name: spread_of(_plain(attempt[name]) for attempt in attempts) for name in MEASURES},
        "cost": cost_of(attempt["cost"] for attempt in attempts),
        "outcomes": _outcomes(job for job in completed if job["winner"] is not None and job["winner"]["lane"] == lane),
        "circumstances": _times(jobs, lane),
    }


def share_of(part: int, whole: int) -> dict[str, Any] | None:
    """A share with its interval; None of nothing."""
    return asdict(Share.of(part / whole, whole)) if whole else None


def _plain(value: Any) -> float | None:
    """The number of a measure, which may be a share with its interval."""
    plain = value["value"] if isinstance(value, Mapping) else value
    return float(plain) if is_number(plain) else None


def spread_of(values: Iterable[float | None]) -> dict[str, Any] | None:
    """The median of what is known, with the lowest and the highest; None where nothing is."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return {"median": round(median(known), 9), "lowest": known[0], "highest": known[-1], "known": len(known)}


def cost_of(costs: Iterable[Any]) -> list[dict[str, str]]:
    """What was paid, by currency; zero is left out."""
    totals: dict[str, Decimal] = {}
    for stated in (part for cost in costs for part in _parts(cost)):
        try:
            amount = Decimal(str(stated.get("amount", "0")))
        except InvalidOperation:
            continue
        currency = str(stated.get("currency", ""))
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return [{"amount": str(amount), "currency": name} for name, amount in sorted(totals.items()) if amount]


def _outcomes(jobs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What acting on the answers of a lane brought, as was told afterwards."""
    told = [each for job in jobs for each in job["outcomes"]]
    acted = sum(each.get("acted") is True for each in told)
    return {
        "told": len(told),
        "acted": share_of(acted, len(told)),
        "value": cost_of(each.get("value") for each in told),
    }


def _parts(cost: Any) -> list[Mapping[str, Any]]:
    """The amounts of a cost, each with its currency."""
    if not isinstance(cost, Mapping):
        return []
    further = cost.get("further")
    return [cost, *(part for part in (further if isinstance(further, list) else ()) if isinstance(part, Mapping))]


def _times(jobs: Sequence[Mapping[str, Any]], lane: str) -> dict[str, Any]:
    """Seconds that the attempts of a lane took."""
    pairs = [
        times
        for job in jobs
        for attempt, times in zip(job["attempts"], section(job, "circumstances")["attempts"], strict=True)
        if attempt["lane"] == lane
    ]
    return {name: spread_of(_plain(times[name]) for times in pairs) for name in ("run_s", "wall_s", "cpu_s", "qpu_s")}
