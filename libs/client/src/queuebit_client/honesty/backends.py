"""What each backend brought, over many jobs: how often its answers were accepted and chosen, how good, at what cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from queuebit_client.honesty.job import report_of
from queuebit_client.honesty.jobs import cost_of, share_of, spread_of
from queuebit_client.honesty.numbers import number, section

FEW = 30
"""Of fewer attempts than this little can be said: it is noted."""


def backends_report(
    documents: Iterable[Mapping[str, Any]], backends: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """A line for each backend and kind that was tried there, and one for each backend that nobody tried, by name.

    `capabilities` and `waits` are what it reports of itself and what our attempts there waited. Shares have their interval of
    95 %; `cost_per_accepted` is all that was paid there, also for what failed, over the accepted answers; None where there
    was none.
    """
    tried: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for document in documents:
        job = report_of(document)
        for attempt, times in zip(job["attempts"], job["circumstances"]["attempts"], strict=True):
            name = attempt["backend"]
            if isinstance(name, str) and name:
                tried.setdefault((name, str(job["kind"])), []).append({**attempt, "times": times, "job": job})
    known = {str(each["name"]): each for each in backends}
    names = sorted({*known, *(name for name, _ in tried)})
    lines: list[dict[str, Any]] = []
    for name in names:
        kinds = sorted(kind for backend, kind in tried if backend == name)
        lines += [_line(known.get(name), name, kind, tried[name, kind]) for kind in kinds]
        lines += [] if kinds else [_line(known.get(name), name, None, [])]
    return lines


def _line(view: Mapping[str, Any] | None, name: str, kind: str | None, tried: Sequence[Any]) -> dict[str, Any]:
    accepted = [each for each in tried if each["state"] == "accepted"]
    answered = [each for each in tried if each["job"]["state"] == "completed" and each["job"]["winner"] is not None]
    chosen = [each for each in answered if each["job"]["winner"]["leg"] == each["leg"]]
    matched = [each["placebo_matched"] for each in tried if each["placebo_matched"] is not None]
    paid = cost_of(each["cost"] for each in tried)
    reported = view or {}
    runs = section(reported, "runs")
    return {
        "backend": name,
        "kind": kind,
        "lane": reported.get("lane") or next((each["lane"] for each in tried), None),
        "provider": reported.get("provider"),
        "capabilities": {
            "qubits_max": reported.get("qubits_max"),
            **{each: section(reported, "capabilities").get(each) for each in CAPABILITIES},
        },
        "waits": {each: number(runs, each) for each in ("count", "wait_s_median", "wait_s_p90", "turnaround_s_median")},
        "attempts": len(tried),
        "few": len(tried) < FEW,
        "accepted": share_of(len(accepted), len(tried)),
        "chosen": share_of(len(chosen), len(answered)),
        "placebo_matched": share_of(sum(matched), len(matched)),
        "gap": spread_of(number(each, "gap") for each in accepted),
        "run_s": spread_of(number(each["times"], "run_s") for each in tried),
        "queue_s": spread_of(number(each["times"], "queue_s") for each in tried),
        "cost": paid,
        "cost_per_accepted": [
            {"amount": f"{Decimal(each['amount']) / len(accepted):.6f}", "currency": each["currency"]} for each in paid
        ]
        if accepted
        else None,
    }


CAPABILITIES = (
    "shots_max", "circuits_max", "noise", "exact", "estimates", "repeats", "annealer", "recovery", "mitigations",
)  # fmt: skip
