"""What every generalised assignment keeps, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from queuebit_problems.rows import NamedRows

BITS_MAX: Final = 5_000


def rows_of_agents(used: Sequence[tuple[Sequence[int], int, int]], jobs: int) -> NamedRows | None:
    """A bit for each job and agent; None where there are too many. `used`: weights and capacity of each agent."""
    agents = len(used)
    if jobs * agents > BITS_MAX:
        return None
    found = NamedRows([(0, 1)] * (jobs * agents), complete=True)
    for job in range(jobs):
        found.add(f"job {job} once", [(job * agents + a, 1) for a in range(agents)], lower=1, upper=1)
    for a, (weights, capacity, _) in enumerate(used):
        found.add(f"capacity of agent {a}", [(job * agents + a, weights[job]) for job in range(jobs)], upper=capacity)
    return found
