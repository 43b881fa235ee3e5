"""Schedules that are kept to earlier ones, operation by operation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from queuebit_problems.encoding.qubo import exact
from queuebit_problems.keeping.plans import Plans
from queuebit_problems.keeping.statement import Choice, Keep
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.scheduling.job_shop_search import Shop, Starts
from queuebit_problems.kinds.scheduling.job_shop_statement import TIME_MAX, JobShopStatement
from queuebit_problems.kinds.scheduling.schedule_model import makespan_of
from queuebit_problems.numeric import cp_coefficients
from queuebit_problems.optimisation import ENFORCED_SUM_MAX, CpReading
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Times = Mapping[int, list[int]]
"""The times at which operations started in the earlier plan, those numbered through."""
Placed = tuple[int, int]
"""An operation and when it starts."""
CLASHES_MAX = 1_000
"""So many pairs that are pinned to one time are told of."""


class Schedules(Plans[JobShopStatement]):
    """The part of an operation is when it starts."""

    def parts(self, statement: JobShopStatement, answer: Answer) -> list[Choice]:
        jobs = zip(answer["start"], statement.jobs, strict=False)
        return [
            (job, place, time)
            for job, (times, operations) in enumerate(jobs)
            for place, (time, _) in enumerate(zip(times, operations, strict=False))
            if 0 <= time <= TIME_MAX
        ]

    def named(self, statement: JobShopStatement, part: Choice) -> str:
        del statement
        return f"job {part[0]} operation {part[1]}={part[2]}"

    def model(self, statement: JobShopStatement, keep: Keep, model: cp_model.CpModel) -> CpReading:
        """An interval an operation, and a Boolean for each part that may be kept. After the last time of the earlier plan there
        is room for all operations one after the other: no schedule needs to be longer.
        """
        shop = statement.shop
        before, pinned = _times(shop, keep.before), _times(shop, keep.pinned)
        ends = [time + shop.duration[o] for times in (before, pinned) for o, mine in times.items() for time in mine]
        horizon = max(ends, default=0) + sum(shop.duration)
        count = len(shop.machine)
        starts = [model.new_int_var(0, horizon - d, f"start{o}") for o, d in enumerate(shop.duration)]
        makespan = makespan_of(shop, starts, horizon, model)
        for job, deadline in statement.due:
            last = shop.jobs[job][-1]
            model.add(starts[last] <= deadline - shop.duration[last])
        for o, mine in pinned.items():
            for time in mine:
                model.add(starts[o] == time)
        kept = {(o, time): model.new_bool_var(f"kept{o}_{time}") for o, mine in before.items() for time in mine}
        for (o, time), bit in kept.items():
            model.add(starts[o] == time).only_enforce_if(bit)
        cost = Fraction(exact(keep.change_cost))
        scaled = cp_coefficients([cost.denominator, cost.numerator], cost.denominator, reach=[horizon, count])
        each, change = scaled.coefficients
        model.minimize(each * makespan + change * (count - sum(kept.values())))

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            known = [time for times in answer["start"] for time in times]
            if any(time + d > horizon for time, d in zip(known, shop.duration, strict=True)):
                return []
            bits = [(bit, int(known[o] == time)) for (o, time), bit in kept.items()]
            return [*zip(starts, known, strict=True), (makespan, max(shop.makespan(known), shop.bound)), *bits]

        return CpReading(
            answer=lambda value: {"start": [[int(value(starts[o])) for o in mine] for mine in shop.jobs]},
            scale=scaled.scale,
            hint=hint,
            error=scaled.error,
            presolve=horizon <= ENFORCED_SUM_MAX,
        )

    def rows(self, statement: JobShopStatement, keep: Keep) -> NamedRows:
        """The order of each job, and of what is pinned no two at a time on a machine."""
        shop, pinned = statement.shop, _times(statement.shop, keep.pinned)
        latest = max((time for times in pinned.values() for time in times), default=0) + sum(shop.duration)
        found = NamedRows([(0, latest)] * len(shop.machine), complete=False)
        names = {
            o: f"job {job} operation {place}" for job, mine in enumerate(shop.jobs) for place, o in enumerate(mine)
        }
        for mine in shop.jobs:
            for a, b in pairwise(mine):
                found.add(f"{names[b]} after operation {a - mine[0]}", [(b, 1), (a, -1)], lower=shop.duration[a])
        _add_loads(statement, found)
        for job, deadline in statement.due:
            last = shop.jobs[job][-1]
            found.add(f"job {job} done by {deadline}", [(last, 1)], upper=deadline - shop.duration[last])
        for o, times in pinned.items():
            for time in times:
                found.add(f"{names[o]}={time} is pinned", [(o, 1)], lower=time, upper=time)
        for (a, s), (b, t) in islice(_clashes(shop, pinned), CLASHES_MAX):
            pair = f"{names[a]}={s} and {names[b]}={t}"
            found.add(f"{pair}, both pinned, on machine {shop.machine[a]} one at a time", (), upper=-1)
        return found

    def nearest(self, statement: JobShopStatement, keep: Keep) -> Answer | None:
        """In the order of the earlier plan, each operation when it was or as soon after as it can; then what is due first."""
        shop, due = statement.shop, dict(statement.due)
        wanted = {o: times[0] for o, times in {**_times(shop, keep.before), **_times(shop, keep.pinned)}.items()}
        found = _as_wanted(shop, wanted, [due.get(job, TIME_MAX + 1) for job in range(len(shop.jobs))])
        return {"start": [[found[o] for o in mine] for mine in shop.jobs]}


def _clashes(shop: Shop, pinned: Times) -> Iterator[tuple[Placed, Placed]]:
    """Pinned operations that run at one time on one machine, the lower one first."""
    of_machine = defaultdict[int, list[tuple[int, int]]](list)
    for o, times in pinned.items():
        of_machine[shop.machine[o]] += [(time, o) for time in times]
    for mine in of_machine.values():
        mine.sort()
        for at, (s, a) in enumerate(mine):
            for t, b in islice(mine, at + 1, None):
                if t >= s + shop.duration[a]:
                    break
                if a != b and t + shop.duration[b] > s:
                    yield ((a, s), (b, t)) if a < b else ((b, t), (a, s))


def _add_loads(statement: JobShopStatement, found: NamedRows) -> None:
    """What each machine has to do for jobs that are due by each deadline, between the earliest begin and the latest end."""
    shop, due = statement.shop, dict(statement.due)
    job_of = {o: job for job, mine in enumerate(shop.jobs) for o in mine}
    for mine in shop.machines:
        for deadline in sorted({due[job_of[o]] for o in mine if job_of[o] in due}):
            some = [o for o in mine if due.get(job_of[o], TIME_MAX + 1) <= deadline]
            room = max(due[job_of[o]] - shop.tails[o] for o in some) - min(shop.heads[o] for o in some)
            over = sum(shop.duration[o] for o in some) - room
            name = f"what machine {shop.machine[mine[0]]} has to do for jobs due by {deadline}"
            found.add(name, (), upper=min(0, -over))


def _times(shop: Shop, parts: tuple[Choice, ...]) -> Times:
    found = defaultdict[int, list[int]](list)
    for job, place, time in parts:
        found[shop.jobs[job][place]].append(time)
    return found


def _as_wanted(shop: Shop, wanted: Mapping[int, int], due: Sequence[int]) -> Starts:
    starts, at = [0] * len(shop.machine), [0] * len(shop.jobs)
    job_free, machine_free = [0] * len(shop.jobs), dict.fromkeys(shop.machine, 0)
    while True:
        waiting = [(mine[at[job]], job) for job, mine in enumerate(shop.jobs) if at[job] < len(mine)]
        if not waiting:
            return starts
        o, job = min(waiting, key=lambda each: (wanted.get(each[0], TIME_MAX + 1), due[each[1]], each))
        starts[o] = max(job_free[job], machine_free[shop.machine[o]], wanted.get(o, 0))
        job_free[job] = machine_free[shop.machine[o]] = starts[o] + shop.duration[o]
        at[job] += 1


PLANS = Schedules()
