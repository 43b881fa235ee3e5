"""Backends in order for one circuit: by what each expects of it, by our own history there, and by how it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from queuebit_contracts.backends import BackendView
from queuebit_workbench.circuits.values import Estimate

By = Literal["success", "wait", "cost"]
STATE = {"available": 0, "unknown": 1, "stale": 2, "unavailable": 3}
"""Those that are known to be there come first."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A backend with the parts of its estimate. None is not known: it never counts as 0, and stands behind what is known.

    `wait_s`: the median of our own last attempts there. `cost_at_least`: it may cost more than `cost`; one without any known
    part of a price, which may cost something, has no `cost`.
    """

    backend: str
    lane: str
    state: str
    success: float | None
    wait_s: float | None
    run_s: float | None
    cost: Mapping[str, float] | None
    cost_at_least: bool
    refused: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "backend": self.backend,
            "lane": self.lane,
            "state": self.state,
            "success": self.success,
            "wait_s": self.wait_s,
            "run_s": self.run_s,
            "cost": None if self.cost is None else dict(self.cost),
            "cost_at_least": self.cost_at_least,
            "refused": self.refused or None,
        }


def ranked(estimates: Iterable[Estimate], views: Mapping[str, BackendView], by: By) -> list[Ranked]:
    """The best first by `by`, then by the others; those that refuse the circuit last. `views`: what the server knows.

    Prices in several currencies order nothing, but that what is free comes first: nobody here knows what one is worth in the
    other.
    """
    found = [_of(each, views.get(each.backend)) for each in estimates]
    currencies = {currency for each in found for currency in each.cost or ()}
    order: dict[By, tuple[By, ...]] = {
        "success": ("success", "wait", "cost"),
        "wait": ("wait", "success", "cost"),
        "cost": ("cost", "success", "wait"),
    }
    return sorted(
        found,
        key=lambda each: (
            bool(each.refused),
            STATE[each.state],
            *(_key(each, one, comparable=len(currencies) < 2) for one in order[by]),
            each.backend,
        ),
    )


def _of(estimate: Estimate, view: BackendView | None) -> Ranked:
    runs = None if view is None else view.runs
    free = not estimate.cost and not estimate.cost_at_least
    return Ranked(
        backend=estimate.backend,
        lane=estimate.lane,
        state="unknown" if view is None else view.state,
        success=estimate.success,
        wait_s=None if runs is None else runs.wait_s_median,
        run_s=estimate.seconds,
        cost={} if free else estimate.cost or None,
        cost_at_least=estimate.cost_at_least,
        refused=estimate.refused,
    )


def _key(each: Ranked, by: By, *, comparable: bool) -> tuple[bool, float]:
    """What is not known stands behind what is. `comparable`: whether all prices are in one currency."""
    match by:
        case "success":
            return (each.success is None, -(each.success or 0.0))
        case "wait":
            return (each.wait_s is None, each.wait_s or 0.0)
        case "cost":
            amount = sum((each.cost or {}).values())
            return (each.cost is None, amount if comparable else float(amount > 0))
