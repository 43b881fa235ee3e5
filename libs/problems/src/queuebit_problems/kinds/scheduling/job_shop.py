"""Job shop: operations of jobs in order, each on its machine, one at a time; finish the last as early as possible."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.one_hot import add_groups
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.orlib import PROBLEM_PARAM
from queuebit_problems.formats.schedules import read_schedule
from queuebit_problems.keeping.plans import Keeping
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.scheduling.job_shop_exact_search import shortest
from queuebit_problems.kinds.scheduling.job_shop_files import FORMATS, is_job_shop, read_job_shop
from queuebit_problems.kinds.scheduling.job_shop_plans import PLANS
from queuebit_problems.kinds.scheduling.job_shop_search import Shop, Starts, by_priority, dispatched, left_shifted
from queuebit_problems.kinds.scheduling.job_shop_statement import TIME_MAX, JobShopStatement
from queuebit_problems.kinds.scheduling.job_shop_tabu_search import tabu
from queuebit_problems.kinds.scheduling.schedule_model import makespan_of
from queuebit_problems.kinds.scheduling.schedule_shares import Step, schedule_shares
from queuebit_problems.optimisation import CpReading, Encoding
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

QUBITS_MAX = 1_000
ENUMERATED_OPERATIONS_MAX = 20


class JobShop(Keeping[JobShopStatement]):
    name = "job_shop"
    title = "Job shop, least makespan"
    sense = "min"
    answer_shape = '{"start": [[time when each operation of the job starts, in order] for each job]}'
    formats = FORMATS
    suffixes = (".jsp", ".jss")
    params = {"problem": PROBLEM_PARAM}
    statement = JobShopStatement
    plans = PLANS

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> JobShopStatement:
        return read_job_shop(text, file_name, params)

    def recognises(self, text: str) -> bool:
        return is_job_shop(text)

    def size(self, statement: JobShopStatement) -> Size:
        """Qubits beyond QUBITS_MAX are those of the least makespan thinkable: nothing writes them down, and no schedule is
        sought to count them.
        """
        shop = statement.shop
        rows = zip(shop.heads, shop.duration, shop.tails, strict=True)
        qubits = sum(shop.bound - head - duration - tail + 1 for head, duration, tail in rows)
        if qubits <= QUBITS_MAX:
            qubits = sum(map(len, statement.windows)) + shop.makespan(statement.quick) - shop.bound
        return Size(len(shop.machine), qubits, len(shop.machine))

    def answer_errors(self, statement: JobShopStatement, answer: Answer) -> list[FieldError]:
        if "start" not in answer:
            return [FieldError("/start", "missing", "is missing; it should be a list of times for each job")]
        start = answer["start"]
        if not isinstance(start, list | tuple):
            return [FieldError("/start", "list_type", "should be a list")]
        if len(start) != len(statement.jobs):
            text = f"should have a list for each of the {len(statement.jobs)} jobs, not {len(start)}"
            return [FieldError("/start", "length", text)]
        errors: list[FieldError] = []
        for job, (times, operations) in enumerate(zip(start, statement.jobs, strict=True)):
            if not isinstance(times, list | tuple) or len(times) != len(operations):
                errors.append(FieldError(f"/start/{job}", "length", f"should be a list of {len(operations)} times"))
                continue
            wrong = [k for k, time in enumerate(times) if type(time) is not int or not 0 <= time <= TIME_MAX]
            text = f"should be a whole number from 0 to {TIME_MAX}"
            errors += [FieldError(f"/start/{job}/{k}", "time", text) for k in wrong]
        return errors[:FAULTS_MAX]

    def objective(self, statement: JobShopStatement, answer: Answer) -> Number:
        """When the last operation ends."""
        return statement.shop.makespan(_flat(answer))

    def violations(self, statement: JobShopStatement, answer: Answer) -> list[Violation]:
        shop, start = statement.shop, _flat(answer)
        name = {o: f"operation {k} of job {job}" for job, mine in enumerate(shop.jobs) for k, o in enumerate(mine)}
        found: list[Violation] = []
        for mine in shop.jobs:
            for a, b in pairwise(mine):
                late = start[a] + shop.duration[a] - start[b]
                if late > 0:
                    detail = f"{name[b]} starts at {start[b]}, before {name[a]} ends at {start[b] + late}"
                    found.append(Violation("job_order", detail, late))
        for mine in shop.machines:
            ordered = sorted(mine, key=lambda o: (start[o], start[o] + shop.duration[o]))
            last = ordered[0]
            for o in ordered[1:]:
                overlap = start[last] + shop.duration[last] - start[o]
                if overlap > 0:
                    detail = (
                        f"{name[o]} starts on machine {shop.machine[o]} at {start[o]}, while {name[last]} runs there"
                    )
                    found.append(Violation("machine_busy", detail, overlap))
                if start[o] + shop.duration[o] >= start[last] + shop.duration[last]:
                    last = o
        for job, deadline in statement.due:
            last = shop.jobs[job][-1]
            late = start[last] + shop.duration[last] - deadline
            if late > 0:
                found.append(Violation("too_late", f"job {job} is done at {deadline + late}, after {deadline}", late))
        return found[:FAULTS_MAX]

    def shares(self, statement: JobShopStatement, answer: Answer) -> Shares:
        """The operations that the end waits for, one after the other, and how long each machine is at work."""
        shop, start = statement.shop, _flat(answer)
        job_of = {o: job for job, mine in enumerate(shop.jobs) for o in mine}
        steps = [Step(job_of[o], shop.machine[o], start[o], shop.duration[o]) for o in range(len(start))]
        return schedule_shares(steps)

    def solution(self, statement: JobShopStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_schedule(text, statement.jobs, statement.machines, file_name)

    def encoding(self, statement: JobShopStatement) -> Encoding:
        """A qubit for each operation and time when it may start, and one for each unit of makespan beyond the bound.

        Nothing is negative. A unit of makespan that is needed but not counted costs 2 and counting it costs 1; any other
        fault costs more than a known schedule has beyond the bound: every minimum is a shortest schedule. Raises TooManyQubits.
        """
        shop, windows, qubits = statement.shop, statement.windows, self.size(statement).qubits
        if qubits > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this job shop needs {qubits} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer operations or durations in larger units.",
            )
        first = [0]
        for window in windows:
            first.append(first[-1] + len(window))
        quick = shop.makespan(statement.quick)
        penalty = quick - shop.bound + 1
        builder = QuboBuilder(qubits, shop.bound)
        groups = add_groups(builder, (range(at, end) for at, end in pairwise(first)), penalty)
        for o, window in enumerate(windows):
            for place, time in enumerate(window, start=first[o]):
                for unit in range(time + shop.duration[o] - shop.bound):
                    builder.add_linear(place, 2)
                    builder.add(place, first[-1] + unit, -2)
        for unit in range(quick - shop.bound):
            builder.add_linear(first[-1] + unit, 1)
        for a, b, ordered in _pairs(shop):
            for i, s in enumerate(windows[a], start=first[a]):
                for j, t in enumerate(windows[b], start=first[b]):
                    if t < s + shop.duration[a] and (ordered or s < t + shop.duration[b]):
                        builder.add(i, j, penalty)

        def decode(bits: Sequence[int]) -> Answer:
            found = [
                next((t for i, t in enumerate(window, start=first[o]) if bits[i]), window[0])
                for o, window in enumerate(windows)
            ]
            return _answer(shop, found)

        def encode(answer: Answer) -> list[int]:
            start = _flat(answer)
            if shop.makespan(start) > quick:
                start = min(left_shifted(shop, start), statement.quick, key=shop.makespan)
            bits = [0] * qubits
            for o, window in enumerate(windows):
                bits[first[o] + start[o] - window[0]] = 1
            for unit in range(shop.makespan(start) - shop.bound):
                bits[first[-1] + unit] = 1
            return bits

        return Encoding(builder.build(), decode, encode, groups)

    def cp_model(self, statement: JobShopStatement, model: cp_model.CpModel) -> CpReading:
        """An interval an operation, no overlap on a machine, and the makespan."""
        shop = statement.shop
        horizon = sum(shop.duration)
        starts = [model.new_int_var(head, horizon - d, f"start{o}") for o, (head, d) in _starts(shop)]
        makespan = makespan_of(shop, starts, horizon, model)
        model.minimize(makespan)

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            shifted = left_shifted(shop, _flat(answer))
            return [*zip(starts, shifted, strict=True), (makespan, shop.makespan(shifted))]

        return CpReading(
            answer=lambda value: _answer(shop, [int(value(start)) for start in starts]),
            scale=1,
            hint=hint,
        )

    def heuristic(self, statement: JobShopStatement, seed: int) -> Answer | None:
        """The best of the dispatching rules, then tabu search on the critical path."""
        shop, rng = statement.shop, random.Random(seed)
        start = min(statement.quick, dispatched(shop, rng), key=shop.makespan)
        return _answer(shop, tabu(shop, start, rng))

    def improve(self, statement: JobShopStatement, answer: Answer) -> Answer:
        """The operations in the order of their starts, each as early as possible, then a short tabu search."""
        shop = statement.shop
        return _answer(shop, tabu(shop, left_shifted(shop, _flat(answer)), random.Random(0), steps_max=300))

    def default_answer(self, statement: JobShopStatement) -> Answer | None:
        """The first operations of all jobs in the given order, then the second ones, each as early as possible."""
        shop = statement.shop
        place = {o: k for mine in shop.jobs for k, o in enumerate(mine)}
        return _answer(shop, by_priority(shop, place.__getitem__))

    def trivial_bound(self, statement: JobShopStatement) -> Number:
        """The longest job, or the load of a machine with the least work before and after it."""
        return statement.shop.bound

    def enumerated(self, statement: JobShopStatement) -> Enumerated | None:
        """Up to 20 operations, where going through the active schedules does not take too long."""
        shop = statement.shop
        if len(shop.machine) > ENUMERATED_OPERATIONS_MAX:
            return None
        found = shortest(shop, statement.quick)
        return None if found is None else Enumerated(_answer(shop, found), shop.makespan(found))

    def example(self) -> JobShopStatement:
        """Two jobs on two machines in opposite order; both are done at time 6."""
        return JobShopStatement(machines=2, jobs=(((0, 3), (1, 2)), ((1, 2), (0, 3))))


def _flat(answer: Answer) -> Starts:
    return [time for times in answer["start"] for time in times]


def _answer(shop: Shop, starts: Sequence[int]) -> Answer:
    return {"start": [[starts[o] for o in mine] for mine in shop.jobs]}


def _starts(shop: Shop) -> Iterator[tuple[int, tuple[int, int]]]:
    return enumerate(zip(shop.heads, shop.duration, strict=True))


def _pairs(shop: Shop) -> Iterator[tuple[int, int, bool]]:
    """Pairs of operations that exclude each other: (earlier, later, True) of a job, (one, other, False) of a machine."""
    for mine in shop.jobs:
        for k, a in enumerate(mine):
            for b in mine[k + 1 : k + 2]:
                yield a, b, True
    for mine in shop.machines:
        for k, a in enumerate(mine):
            for b in mine[k + 1 :]:
                yield a, b, False


KIND = JobShop()
