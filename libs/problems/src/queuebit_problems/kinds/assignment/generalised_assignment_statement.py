"""What a generalised assignment states: what each job earns and uses at each agent, and what each agent has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_problems.checks import Place, raise_faults, table_faults
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.kind import Statement
from queuebit_problems.numeric import NonNegative, integers, number

AGENTS_MAX = 200
JOBS_MAX = 2_000

Table = tuple[tuple[NonNegative, ...], ...]


def _filled(profits: Table) -> Table:
    if not profits or not profits[0]:
        raise_faults("generalised_assignment", [((), "length", "should have at least one agent and one job")])
    raise_faults("generalised_assignment", _faults(profits, len(profits), len(profits[0])))
    return profits


def _like_profits(weights: Table, info: ValidationInfo) -> Table:
    profits = info.data.get("profits", info.data.get("costs"))
    if profits is not None:
        raise_faults("generalised_assignment", _faults(weights, len(profits), len(profits[0])))
    return weights


def _faults(table: Table, rows: int, columns: int) -> Iterator[tuple[Place, str, str]]:
    yield from table_faults(table, rows, columns, "jobs")
    if columns > JOBS_MAX:
        yield (0,), "length", f"should have at most {JOBS_MAX} jobs"


def _one_each(capacities: tuple[NonNegative, ...], info: ValidationInfo) -> tuple[NonNegative, ...]:
    profits = info.data.get("profits", info.data.get("costs"))
    if profits is not None and len(profits) != len(capacities):
        message = f"should have one capacity for each of the {len(profits)} agents, not {len(capacities)}"
        raise_faults("generalised_assignment", [((), "length", message)])
    if profits is not None and "weights" in info.data:
        raise_faults("generalised_assignment", _too_small(info.data["weights"], capacities))
    return capacities


def _too_small(weights: Table, capacities: tuple[NonNegative, ...]) -> Iterator[tuple[Place, str, str]]:
    """Jobs that no agent has the capacity for, alone or all together."""
    for job, uses in enumerate(zip(*weights, strict=True)):
        if all(use > capacity for use, capacity in zip(uses, capacities, strict=True)):
            yield (), "too_small", f"leave no agent that has what job {job} uses: nobody can do it"
    least = sum((exact(min(uses)) for uses in zip(*weights, strict=True)), start=exact(0))
    if least > sum(exact(capacity) for capacity in capacities):
        yield (), "too_small", f"are less together than the {number(least)} that all jobs use at least"


class GeneralisedAssignmentStatement(Statement):
    """What each job earns and uses at each agent, and what each agent has. Agents and jobs count from 0."""

    profits: Annotated[
        Table,
        AfterValidator(_filled),
        Field(max_length=AGENTS_MAX, description="Row a lists what each job earns at agent a; not negative."),
    ]
    weights: Annotated[
        Table,
        AfterValidator(_like_profits),
        Field(description="Row a lists what each job uses at agent a; not negative."),
    ]
    capacities: Annotated[
        tuple[NonNegative, ...], AfterValidator(_one_each), Field(description="What each agent has for its jobs.")
    ]

    @property
    def jobs(self) -> int:
        return len(self.profits[0])

    @cached_property
    def earned(self) -> tuple[list[list[int]], int]:
        """The profits as integers, and their common denominator."""
        flat, unit = integers(profit for row in self.profits for profit in row)
        return [flat[a * self.jobs : (a + 1) * self.jobs] for a in range(len(self.profits))], unit

    @cached_property
    def used(self) -> list[tuple[list[int], int, int]]:
        """(weights, capacity, denominator) of each agent in integers."""
        found = []
        for row, capacity in zip(self.weights, self.capacities, strict=True):
            values, unit = integers([*row, capacity])
            found.append((values[:-1], values[-1], unit))
        return found


class GeneralisedAssignmentCostStatement(Statement):
    """What each job costs and uses at each agent, and what each agent has. Agents and jobs count from 0."""

    costs: Annotated[
        Table,
        AfterValidator(_filled),
        Field(max_length=AGENTS_MAX, description="Row a lists what each job costs at agent a; not negative."),
    ]
    weights: Annotated[
        Table,
        AfterValidator(_like_profits),
        Field(description="Row a lists what each job uses at agent a; not negative."),
    ]
    capacities: Annotated[
        tuple[NonNegative, ...], AfterValidator(_one_each), Field(description="What each agent has for its jobs.")
    ]

    @cached_property
    def paid(self) -> tuple[list[list[int]], int]:
        """The costs as integers, and their common denominator."""
        flat, unit = integers(cost for row in self.costs for cost in row)
        jobs = len(self.costs[0])
        return [flat[a * jobs : (a + 1) * jobs] for a in range(len(self.costs))], unit

    @cached_property
    def dearest(self) -> int:
        """The highest cost, in integers."""
        return max(map(max, self.paid[0]))

    @cached_property
    def saved(self) -> GeneralisedAssignmentStatement:
        """The same question for the most profit: what each job costs less than the dearest, in integers."""
        profits = tuple(tuple(self.dearest - cost for cost in row) for row in self.paid[0])
        return GeneralisedAssignmentStatement.model_construct(
            profits=profits, weights=self.weights, capacities=self.capacities
        )
