"""What makes a schedule as long as it is: a chain of operations to its end, and the work of each machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from queuebit_problems.shares import Part, Room, Shares


class Step(NamedTuple):
    """One operation: of which job, on which machine, from when on and for how long."""

    job: int
    machine: int
    start: int
    duration: int

    @property
    def end(self) -> int:
        return self.start + self.duration


def schedule_shares(steps: Sequence[Step]) -> Shares:
    """The chain from the end back to the beginning: each operation after the one of its job or machine that ended last before.
    Where none ended right then, nothing was waited for, and that time is a share of its own.
    """
    of_job, of_machine = defaultdict[int, list[Step]](list), defaultdict[int, list[Step]](list)
    for step in steps:
        if step.duration:
            of_job[step.job].append(step)
            of_machine[step.machine].append(step)
    chain, idle = list[Step](), list[tuple[int, int]]()
    length = max(step.end for step in steps)
    at, then = length, max((step for step in steps if step.duration), key=lambda step: step.end, default=None)
    while then is not None:
        if then.end < at:
            idle.append((then.end, at))
        chain.append(then)
        at = then.start
        before = (step for step in (*of_job[then.job], *of_machine[then.machine]) if step.end <= at)
        then = max(before, key=lambda step: step.end, default=None)
    if at:
        idle.append((0, at))
    parts = [
        Part(
            "critical path",
            [s.duration for s in chain],
            1,
            lambda k: f"job {chain[k].job} on machine {chain[k].machine}",
        )
    ]
    if idle:
        parts.append(Part("idle", [b - a for a, b in idle], 1, lambda k: "from {} to {}".format(*idle[k])))
    loads = sorted((machine, sum(step.duration for step in mine)) for machine, mine in of_machine.items())
    return Shares(parts, [Room(f"machine {machine}", load, length, 1) for machine, load in loads])
