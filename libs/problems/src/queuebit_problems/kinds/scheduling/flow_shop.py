"""Permutation flow shop: jobs pass all machines in the same order; finish the last as early as possible."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, integers_errors, raise_faults, table_faults
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.one_hot import add_groups, completed
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.orlib import PROBLEM_PARAM
from queuebit_problems.formats.schedules import read_order
from queuebit_problems.formats.shops import (
    collected_problem,
    counts,
    is_collection,
    is_taillard,
    pairs,
    table,
    taillard_problem,
)
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.kinds.scheduling.flow_shop_search import bounded_neh, lower_bound, makespan, searched, settled
from queuebit_problems.kinds.scheduling.job_shop_statement import DURATION_MAX, JOBS_MAX, MACHINES_MAX, Duration
from queuebit_problems.kinds.scheduling.schedule_shares import Step, schedule_shares
from queuebit_problems.optimisation import ENFORCED_SUM_MAX, CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

OPERATIONS_MAX = 20_000
QUBITS_MAX = 1_000
ENUMERATED_JOBS_MAX = 7
IMPROVED_WORK_MAX = 30_000_000
"""Jobs to the third times machines, above which an answer is not improved: nobody could stop that."""


def _rectangular(durations: tuple[tuple[Duration, ...], ...]) -> tuple[tuple[Duration, ...], ...]:
    raise_faults("flow_shop", _faults(durations))
    return durations


def _faults(durations: tuple[tuple[int, ...], ...]) -> Iterator[tuple[Place, str, str]]:
    if not durations or not durations[0]:
        yield (), "length", "should have at least one job, and one machine"
        return
    if len(durations[0]) > MACHINES_MAX or len(durations) * len(durations[0]) > OPERATIONS_MAX:
        yield (), "length", f"should have at most {MACHINES_MAX} machines and {OPERATIONS_MAX} durations"
    yield from table_faults(durations, len(durations), len(durations[0]), "durations")


class FlowShopStatement(Statement):
    """Durations of each job on each machine. All jobs pass the machines in the same order, and each machine the jobs too."""

    durations: Annotated[
        tuple[tuple[Duration, ...], ...],
        Field(max_length=JOBS_MAX, description="For each job a row of its durations, machine by machine."),
        AfterValidator(_rectangular),
    ]

    @cached_property
    def rows(self) -> list[list[int]]:
        return [list(job) for job in self.durations]

    @cached_property
    def quick(self) -> list[int]:
        """NEH's order, of as many jobs as a second allows."""
        return bounded_neh(self.rows)


class FlowShop(Optimisation[FlowShopStatement]):
    name = "flow_shop"
    admission_is_linear = True
    title = "Permutation flow shop, least makespan"
    sense = "min"
    answer_shape = '{"order": [the jobs, from 0, in the order in which they pass every machine]}'
    formats = (
        "Taillard: a line that begins with `number of jobs`, the counts, `processing times :`, a row a machine; also several",
        "OR-Library: `instance name`, `jobs machines`, then for each job a line of `machine duration` pairs; also several",
    )
    suffixes = (".fsp",)
    params = {"problem": PROBLEM_PARAM}
    statement = FlowShopStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> FlowShopStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Flow shop reads {'; or '.join(self.formats)}.")
        if is_collection(text):
            listed = collected_problem(rows, params)
            jobs, machines = counts(rows, listed, JOBS_MAX, MACHINES_MAX)
            found = list(pairs(rows, listed, jobs, machines, DURATION_MAX))
            for row, job in zip(listed.times, found, strict=True):
                if [machine for machine, _ in job] != list(range(machines)):
                    raise rows.error(
                        row, f"a job should pass the machines 0 to {machines - 1} in order: else state a job shop"
                    )
            return self.parse({"durations": [[duration for _, duration in job] for job in found]})
        listed = taillard_problem(rows, params)
        jobs, machines = counts(rows, listed, JOBS_MAX, MACHINES_MAX)
        if listed.machines is not None:
            raise rows.error(listed.head, "a block of machines follows, as job shops have it")
        by_machine = table(rows, listed, listed.times, machines, jobs, "a duration", DURATION_MAX)
        return self.parse({"durations": [list(job) for job in zip(*by_machine, strict=True)]})

    def recognises(self, text: str) -> bool:
        return is_taillard(text, machines=False) or is_collection(text)

    def size(self, statement: FlowShopStatement) -> Size:
        """Beyond QUBITS_MAX qubits are not counted any further."""
        jobs, machines = len(statement.rows), len(statement.rows[0])
        qubits = factorial(jobs) if jobs <= ENUMERATED_JOBS_MAX else QUBITS_MAX + 1
        return Size(jobs, min(qubits, QUBITS_MAX + 1), jobs * machines)

    def answer_errors(self, statement: FlowShopStatement, answer: Answer) -> list[FieldError]:
        jobs = len(statement.rows)
        return integers_errors(answer, "order", jobs, 0, jobs - 1)

    def objective(self, statement: FlowShopStatement, answer: Answer) -> Number:
        """When the last job leaves the last machine."""
        return makespan(statement.rows, answer["order"])

    def violations(self, statement: FlowShopStatement, answer: Answer) -> list[Violation]:
        order = answer["order"]
        missing = sorted(set(range(len(statement.rows))) - set(order))
        return [Violation("missing", f"job {job} does not stand in the order") for job in missing[:20]]

    def shares(self, statement: FlowShopStatement, answer: Answer) -> Shares:
        """The operations that the end waits for, one after the other, and how long each machine is at work."""
        order, rows = answer["order"], statement.rows
        machines, done = range(len(rows[0])), [[0] * (len(rows[0]) + 1)]
        for job in order:
            ends = [0]
            for machine in machines:
                ends.append(max(ends[-1], done[-1][machine + 1]) + rows[job][machine])
            done.append(ends)
        starts = [[done[k + 1][m + 1] - rows[job][m] for m in machines] for k, job in enumerate(order)]
        steps = [Step(order[k], m, starts[k][m], rows[order[k]][m]) for k in range(len(order)) for m in machines]
        return schedule_shares(steps)

    def solution(self, statement: FlowShopStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_order(text, len(statement.rows), file_name)

    def assumptions(self, statement: FlowShopStatement) -> tuple[str, ...]:
        del statement
        return ("Jobs keep one order on all machines (a permutation flow shop): none overtakes another.",)

    def encoding(self, statement: FlowShopStatement) -> Encoding:
        """A qubit for each order, at its makespan; one of them is chosen. Raises TooManyQubits."""
        rows = statement.rows
        if self.size(statement).qubits > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of a flow shop has a qubit for each order of its jobs: more than {QUBITS_MAX}.",
                remedy="Use the classical lane, or state at most six jobs.",
            )
        orders = list(permutations(range(len(rows))))
        builder = QuboBuilder(len(orders))
        values = [makespan(rows, order) for order in orders]
        for place, value in enumerate(values):
            builder.add_linear(place, value)
        groups = add_groups(builder, [range(len(orders))], max(values) + 1)
        at = {order: place for place, order in enumerate(orders)}

        def encode(answer: Answer) -> list[int]:
            bits = [0] * len(orders)
            bits[at[tuple(answer["order"])]] = 1
            return bits

        def decode(bits: Sequence[int]) -> Answer:
            return {"order": list(orders[next((place for place, bit in enumerate(bits) if bit), 0)])}

        return Encoding(builder.build(), decode, encode, groups)

    def cp_model(self, statement: FlowShopStatement, model: cp_model.CpModel) -> CpReading:
        """When each job starts on each machine, and for each two jobs which of them is first, on every machine."""
        rows, horizon = statement.rows, sum(map(sum, statement.rows))
        jobs, machines = range(len(rows)), range(len(rows[0]))
        starts = [[model.new_int_var(0, horizon, f"start{j}_{m}") for m in machines] for j in jobs]
        end = model.new_int_var(lower_bound(rows), horizon, "makespan")
        first: dict[tuple[int, int], Any] = {}
        for j in jobs:
            for m in machines[1:]:
                model.add(starts[j][m] >= starts[j][m - 1] + rows[j][m - 1])
            model.add(end >= starts[j][-1] + rows[j][-1])
            for k in jobs[j + 1 :]:
                first[j, k] = model.new_bool_var(f"first{j}_{k}")
                for m in machines:
                    model.add(starts[k][m] >= starts[j][m] + rows[j][m]).only_enforce_if(first[j, k])
                    model.add(starts[j][m] >= starts[k][m] + rows[k][m]).only_enforce_if(~first[j, k])
        model.minimize(end)

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            place = {job: k for k, job in enumerate(answer["order"])}
            times = _starts(rows, answer["order"])
            found = [(starts[j][m], times[j][m]) for j in jobs for m in machines]
            found += [(bit, int(place[j] < place[k])) for (j, k), bit in first.items()]
            return [*found, (end, makespan(rows, answer["order"]))]

        def read(value: Any) -> Answer:
            before = [0] * len(rows)
            for (j, k), bit in first.items():
                before[k if value(bit) else j] += 1
            return {"order": sorted(jobs, key=before.__getitem__)}

        return CpReading(answer=read, scale=1, hint=hint, presolve=horizon <= ENFORCED_SUM_MAX)

    def heuristic(self, statement: FlowShopStatement, seed: int) -> Answer | None:
        """NEH, then iterated greedy."""
        return {"order": searched(statement.rows, statement.quick, random.Random(seed))}

    def improve(self, statement: FlowShopStatement, answer: Answer) -> Answer:
        """Jobs that stand twice give their place to those that are missing; then each goes to its best place."""
        rows, order = statement.rows, completed(answer["order"], len(statement.rows))
        if len(rows) ** 3 * len(rows[0]) > IMPROVED_WORK_MAX:
            return {"order": order}
        return {"order": settled(rows, order, random.Random(0))}

    def default_answer(self, statement: FlowShopStatement) -> Answer | None:
        """The jobs in the given order."""
        return {"order": list(range(len(statement.rows)))}

    def trivial_bound(self, statement: FlowShopStatement) -> Number:
        """The longest job, or the load of a machine with the least that comes before and after it."""
        return lower_bound(statement.rows)

    def enumerated(self, statement: FlowShopStatement) -> Enumerated | None:
        """Up to 7 jobs."""
        if not self.enumerates(statement):
            return None
        rows = statement.rows
        values = [(makespan(rows, order), order) for order in permutations(range(len(rows)))]
        least, order = min(values)
        return Enumerated({"order": list(order)}, least, sum(value == least for value, _ in values))

    def enumerates(self, statement: FlowShopStatement) -> bool:
        return len(statement.rows) <= ENUMERATED_JOBS_MAX and len(statement.rows[0]) <= 50

    def example(self) -> FlowShopStatement:
        """Three jobs on two machines; by Johnson's rule all are done at time 12."""
        return FlowShopStatement(durations=((5, 2), (1, 6), (4, 3)))


def _starts(rows: list[list[int]], order: Sequence[int]) -> dict[int, list[int]]:
    """When each job starts on each machine, as early as the order allows."""
    free, found = [0] * len(rows[0]), dict[int, list[int]]()
    for job in order:
        done, times = 0, list[int]()
        for machine, duration in enumerate(rows[job]):
            start = max(done, free[machine])
            times.append(start)
            done = free[machine] = start + duration
        found[job] = times
    return found


KIND = FlowShop()
