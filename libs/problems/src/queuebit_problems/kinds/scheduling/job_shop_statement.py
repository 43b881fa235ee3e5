"""What a job shop states: jobs, each a list of operations in their order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.keeping.statement import Choice, KeepingStatement, within
from queuebit_problems.kinds.scheduling.job_shop_search import Shop, Starts, dispatched
from queuebit_problems.kinds.scheduling.job_shop_tabu_search import tabu
from queuebit_problems.numeric import Index

JOBS_MAX = 500
MACHINES_MAX = 500
OPERATIONS_MAX = 5_000
DURATION_MAX = 1_000_000_000
TIME_MAX = 10**15

Duration = Annotated[int, Strict(), Field(ge=0, le=DURATION_MAX)]
Jobs = tuple[tuple[tuple[Index, Duration], ...], ...]


def _known_machines(jobs: Jobs, info: ValidationInfo) -> Jobs:
    if "machines" in info.data:
        raise_faults("job_shop", _faults(jobs, info.data["machines"]))
    return jobs


def _faults(jobs: Jobs, machines: int) -> Iterator[tuple[Place, str, str]]:
    if not jobs:
        yield (), "length", "should have at least one job"
    if sum(map(len, jobs)) > OPERATIONS_MAX:
        yield (), "length", f"should have at most {OPERATIONS_MAX} operations together"
    for place, job in enumerate(jobs):
        if not job:
            yield (place,), "length", "should have at least one operation"
        for k, (machine, _) in enumerate(job):
            if machine >= machines:
                yield (place, k, 0), "machine", f"should be a machine from 0 to {machines - 1}"


def _one_each(deadlines: tuple[int | None, ...] | None, info: ValidationInfo) -> tuple[int | None, ...] | None:
    jobs = info.data.get("jobs")
    if deadlines is not None and jobs is not None and len(deadlines) != len(jobs):
        message = f"should have one time for each of the {len(jobs)} jobs, not {len(deadlines)}"
        raise_faults("job_shop", [((), "length", message)])
    return deadlines


class JobShopStatement(KeepingStatement):
    """Jobs, each a list of operations [machine, duration] in their order. Jobs, operations and machines count from 0.

    A part of a plan is [job, operation, time when it starts].
    """

    machines: Annotated[
        int, Strict(), Field(ge=1, le=MACHINES_MAX, description="How many machines; they count from 0.")
    ]
    jobs: Annotated[
        Jobs,
        AfterValidator(_known_machines),
        Field(
            max_length=JOBS_MAX,
            description="The operations [machine, duration] of each job in order; durations in whole units of time.",
        ),
    ]

    deadlines: Annotated[
        tuple[Annotated[int, Strict(), Field(ge=0, le=TIME_MAX)] | None, ...] | None,
        AfterValidator(_one_each),
        Field(
            exclude_if=lambda deadlines: deadlines is None,
            description="By when each job must be done, null where it may take any time; left out where all may.",
        ),
    ] = None

    @property
    def plain(self) -> bool:
        return self.keep is None and self.deadlines is None

    @cached_property
    def due(self) -> list[tuple[int, int]]:
        """(job, by when it must be done) of the jobs that have a deadline."""
        return [(job, time) for job, time in enumerate(self.deadlines or ()) if time is not None]

    def part_fault(self, part: Choice) -> str | None:
        operations = range(len(self.jobs[part[0]])) if part[0] < len(self.jobs) else range(1)
        return within(part, "job, operation, time", range(len(self.jobs)), operations, range(TIME_MAX + 1))

    @cached_property
    def shop(self) -> Shop:
        """The same with the operations numbered through."""
        flat = [operation for job in self.jobs for operation in job]
        numbers = iter(range(len(flat)))
        jobs = [[next(numbers) for _ in job] for job in self.jobs]
        return Shop(jobs, [machine for machine, _ in flat], [duration for _, duration in flat])

    @cached_property
    def quick(self) -> Starts:
        """The best schedule of the dispatching rules, after a short tabu search."""
        return tabu(self.shop, dispatched(self.shop), random.Random(0), steps_max=100)

    @cached_property
    def windows(self) -> list[range]:
        """When each operation may start in a schedule no longer than the quick one."""
        shop = self.shop
        end = shop.makespan(self.quick)
        rows = zip(shop.heads, shop.duration, shop.tails, strict=True)
        return [range(head, end - duration - tail + 1) for head, duration, tail in rows]
