"""Jobs that keep to earlier agents: elsewhere they do not fit, or cost more."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import NotReplanned
from queuebit_problems.numeric import number

Table = tuple[tuple[Number, ...], ...]


def parts_of_jobs(jobs: int, agents: int, agent_of: Sequence[int]) -> list[str]:
    """The agent of each job, of those that there are."""
    return [f"job {job}={a}" for job, a in enumerate(agent_of[:jobs]) if 0 <= a < agents]


def kept_jobs(weights: Table, capacities: Sequence[Number], parts: Sequence[str]) -> Table:
    """These jobs use more of every other agent than it has."""
    wanted = _agents(parts)
    return tuple(
        tuple(weight if wanted.get(job, a) == a else number(exact(capacities[a]) + 1) for job, weight in enumerate(row))
        for a, row in enumerate(weights)
    )


def dearer_jobs(values: Table, parts: frozenset[str], cost: Number, sign: int) -> Table:
    """What each job costs, or earns, at each agent, with what it costs that it was elsewhere before."""
    before = _agents(parts)
    return tuple(
        tuple(_moved(value, job, cost, sign) if before.get(job, a) != a else value for job, value in enumerate(row))
        for a, row in enumerate(values)
    )


def _moved(value: Number, job: int, cost: Number, sign: int) -> Number:
    found = exact(value) + sign * exact(cost)
    if found < 0:
        raise NotReplanned(
            f"A change costs {cost}, and job {job} earns {value} at one of its agents: no profit is below zero.",
            remedy="Say a lower cost of a change, or state costs (--param sense=min).",
            fields=(FieldError("/change_cost", "too_dear", f"is more than job {job} earns"),),
        )
    return number(found)


def _agents(parts: Sequence[str] | frozenset[str]) -> dict[int, int]:
    return {int(name.removeprefix("job ")): int(a) for name, _, a in (part.rpartition("=") for part in parts)}
