"""Which path adds to the plan of a job: the same for the control plane, which decides, and for who asks beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import Lane
from queuebit_domain.paths.cohort import band_of, takes_part
from queuebit_domain.paths.state import Path
from queuebit_domain.policy.evaluation import evaluate
from queuebit_domain.policy.facts import Facts
from queuebit_domain.policy.tables import Policy

Cohort = tuple[str, str, str]
"""Kind, size band and tier."""


def by_cohort(paths: Iterable[Path]) -> dict[Cohort, Path]:
    """Of several paths for a cohort the one that is trusted most takes part, and of those the one that came first."""
    found: dict[Cohort, Path] = {}
    for path in sorted(paths, key=lambda path: (-path.answers, path.registered_at, path.digest)):
        key = path.registered.key
        if path.measures:
            found.setdefault((key.kind, key.size_band, key.tier), path)
    return found


def path_of(
    paths: Mapping[Cohort, Path],
    facts: Facts,
    planned: JobPlanned,
    policy: Policy,
    available: Callable[[Lane], bool],
) -> Path | None:
    """The path that may add to this plan; None where there is none, where its lane has no backend, is not for this job, or is
    forbidden by a guard of the policy.
    """
    path = paths.get((facts.kind, band_of(facts.variables), facts.tier))
    if path is None:
        return None
    lane = path.registered.lane
    is_open = available(lane) and (lane != "quantum" or facts.quantum_available)
    if not takes_part(planned, facts.wish, is_open):
        return None
    if policy.guards and any(lane in each.deny for each in evaluate(policy, facts).guards):
        return None
    return path
