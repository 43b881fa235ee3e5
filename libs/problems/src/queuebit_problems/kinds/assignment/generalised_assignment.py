"""Generalised assignment: each job to one agent, within each agent's capacity, for the most profit."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX, integers_errors
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.one_hot import add_one_hot, decoded, encoded
from queuebit_problems.encoding.qubo import Exact, QuboBuilder
from queuebit_problems.errors import TooManyQubits, UnreadableFile
from queuebit_problems.formats.divisions import read_agents
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.orlib import PROBLEM_PARAM, adds_up, chosen_problem
from queuebit_problems.formats.text import Numbers, Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.assignment.generalised_assignment_replanning import dearer_jobs, kept_jobs, parts_of_jobs
from queuebit_problems.kinds.assignment.generalised_assignment_rows import rows_of_agents
from queuebit_problems.kinds.assignment.generalised_assignment_search import (
    best_of_all,
    excesses,
    most_of,
    polished,
    searched,
    shares_of_agents,
)
from queuebit_problems.kinds.assignment.generalised_assignment_statement import (
    AGENTS_MAX,
    JOBS_MAX,
    GeneralisedAssignmentStatement,
)
from queuebit_problems.kinds.packing.knapsack_search import slack_bits, slack_count, slack_values
from queuebit_problems.numeric import cp_coefficients, cp_weights, number, number_above
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

QUBITS_MAX = 1_000
ENUMERATED_JOBS_MAX = 12
_COST_NAME = re.compile(r"gap_?[a-d]\b|gap_?[a-d]\.|[cde][0-9]{5,6}\b", re.IGNORECASE)
"""OR-Library's gapa to gapd and the types C, D and E of Yagiura and others state costs."""
ENUMERATED_SURELY_MAX = 10_000
"""So many ways to assign are gone through in no time, whatever can be ruled out."""


class GeneralisedAssignment(Optimisation[GeneralisedAssignmentStatement]):
    name = "generalised_assignment"
    admission_is_linear = True
    title = "Generalised assignment, most profit"
    sense = "max"
    answer_shape = '{"assigned_to": [agent of each job, from 0]}'
    formats = (
        "OR-Library gap: `agents jobs`, profits and weights by agents, capacities; the number of problems may come first",
    )
    suffixes = (".gap",)
    params = {
        "problem": PROBLEM_PARAM,
        "sense": "max where the first table states profits (as unless the file's name is one of gapa to gapd, or of the types "
        "C, D and E), min where it states costs",
    }
    statement = GeneralisedAssignmentStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> GeneralisedAssignmentStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Generalised assignment reads {self.formats[0]}.")
        count = wanted = 1
        if _counted(text):
            head = rows.take("the number of problems")
            count = rows.integer(head, head.tokens[0], "the number of problems", 1, 1_000)
            wanted = chosen_problem(rows, head, count, params)
        numbers = Numbers(rows)
        for problem in range(1, count + 1):
            agents = numbers.integer("the number of agents", 1, AGENTS_MAX)
            jobs = numbers.integer("the number of jobs", 1, JOBS_MAX)
            profits = numbers.table(agents, jobs, "a profit", 0)
            weights = numbers.table(agents, jobs, "a weight", 0)
            capacities = numbers.numbers(agents, "a capacity", 0)
            if problem == wanted:
                found = {"profits": profits, "weights": weights, "capacities": capacities}
        numbers.end(f"the {count} problems")
        return self.parse(found)

    def variant(self, file_name: str, params: Params | None) -> str:
        sense = (params or {}).get("sense")
        if sense not in (None, "min", "max"):
            raise UnreadableFile(
                f"The param sense should be min or max, not {str(sense)[:40]!r}.", remedy="Give --param sense=min."
            )
        least = sense == "min" or (sense is None and _COST_NAME.match(PurePath(file_name).name) is not None)
        return "generalised_assignment_cost" if least else self.name

    def assumptions(self, statement: GeneralisedAssignmentStatement) -> tuple[str, ...]:
        del statement
        return ("The first table states profits, of which the most are sought (--param sense=min seeks the least).",)

    def recognises(self, text: str) -> bool:
        shape, counted = shape_of(text), _counted(text)
        if set(shape.widths[1 + counted :]) <= {2} or shape.widths[counted] != 2:
            return False
        return adds_up(shape, 2, lambda head: 2 * head[0] * head[1] + head[0], counted=counted)

    def size(self, statement: GeneralisedAssignmentStatement) -> Size:
        bits = statement.jobs * len(statement.profits)
        return Size(statement.jobs, bits + sum(slack_count(room) for _, _, room in _rooms(statement)), bits)

    def answer_errors(self, statement: GeneralisedAssignmentStatement, answer: Answer) -> list[FieldError]:
        return integers_errors(answer, "assigned_to", statement.jobs, 0, len(statement.profits) - 1)

    def objective(self, statement: GeneralisedAssignmentStatement, answer: Answer) -> Number:
        profits, unit = statement.earned
        return number(Fraction(sum(profits[a][job] for job, a in enumerate(answer["assigned_to"])), unit))

    def violations(self, statement: GeneralisedAssignmentStatement, answer: Answer) -> list[Violation]:
        found: list[Violation] = []
        for a, ((_, _, unit), over) in enumerate(
            zip(statement.used, excesses(statement, answer["assigned_to"]), strict=True)
        ):
            if over > 0:
                amount = number(Fraction(over, unit))
                detail = f"the jobs of agent {a} are {amount} over its capacity {statement.capacities[a]}"
                found.append(Violation("over_capacity", detail, amount))
        return found[:FAULTS_MAX]

    def named_rows(self, statement: GeneralisedAssignmentStatement) -> NamedRows | None:
        return rows_of_agents(statement.used, statement.jobs)

    def shares(self, statement: GeneralisedAssignmentStatement, answer: Answer) -> Shares:
        """What each job earns, and what is left of each agent."""
        return shares_of_agents(*statement.earned, statement.used, answer["assigned_to"])

    def solution(self, statement: GeneralisedAssignmentStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_agents(text, statement.jobs, len(statement.profits), file_name)

    def parts(self, statement: GeneralisedAssignmentStatement, answer: Answer) -> list[str] | None:
        """The agent of each job."""
        return parts_of_jobs(statement.jobs, len(statement.capacities), answer["assigned_to"])

    def pinned(self, statement: GeneralisedAssignmentStatement, parts: Sequence[str]) -> GeneralisedAssignmentStatement:
        weights = kept_jobs(statement.weights, statement.capacities, parts)
        return statement.model_copy(update={"weights": weights})

    def with_change_cost(
        self, statement: GeneralisedAssignmentStatement, parts: frozenset[str], cost: Number
    ) -> GeneralisedAssignmentStatement:
        return statement.model_copy(update={"profits": dearer_jobs(statement.profits, parts, cost, -1)})

    def encoding(self, statement: GeneralisedAssignmentStatement) -> Encoding:
        """A qubit for each job and agent, and slack bits that fill each agent up exactly.

        Measured from the most that each job can earn nothing is negative, and a broken constraint costs more than any
        assignment of jobs falls short of that: every minimum is optimal where any answer is feasible. Raises TooManyQubits.
        """
        profits, unit = statement.earned
        slacks, jobs, agents = _slacks(statement), statement.jobs, len(statement.profits)
        qubits = self.size(statement).qubits
        if qubits > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this assignment needs {qubits} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer jobs or weights with fewer digits.",
            )
        most = [max(row[job] for row in profits) for job in range(jobs)]
        least = [min(row[job] for row in profits) for job in range(jobs)]
        builder = QuboBuilder(qubits, Fraction(-sum(most), unit))
        penalty = Fraction(sum(most) - sum(least), unit) + 1
        for job in range(jobs):
            for a in range(agents):
                builder.add_linear(job * agents + a, Fraction(most[job] - profits[a][job], unit))
        groups = add_one_hot(builder, jobs, agents, penalty, permutation=False)
        at = jobs * agents
        for a, common, slack in slacks:
            weights, capacity, _ = statement.used[a]
            terms: dict[int, Exact] = {job * agents + a: weights[job] // common for job in range(jobs)}
            terms |= {at + place: value for place, value in enumerate(slack)}
            builder.add_squared(terms, -(capacity // common), penalty)
            at += len(slack)

        def encode(answer: Answer) -> list[int]:
            bits = encoded(answer["assigned_to"], agents)
            over = excesses(statement, answer["assigned_to"])
            for a, common, slack in slacks:
                bits += slack_bits(slack, max(0, -over[a] // common))
            return bits

        return Encoding(builder.build(), lambda bits: {"assigned_to": decoded(bits, jobs, agents)}, encode, groups)

    def cp_model(self, statement: GeneralisedAssignmentStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean for each job and agent; exactly one agent a job, one capacity an agent. Too many digits are rounded up."""
        return assignment_model(statement, statement.earned, model, least=False)

    def heuristic(self, statement: GeneralisedAssignmentStatement, seed: int) -> Answer | None:
        """Starts that look at profit or at room, repaired and improved by moves and exchanges; None where none is feasible."""
        best = searched(statement, random.Random(seed))
        return None if best is None else {"assigned_to": best}

    def improve(self, statement: GeneralisedAssignmentStatement, answer: Answer) -> Answer:
        """Jobs of agents with too much go where that costs least, then moves and exchanges; as it is if nothing fits."""
        found = polished(statement, answer["assigned_to"], random.Random(0))
        return {"assigned_to": list(answer["assigned_to"]) if found is None else found}

    def default_answer(self, statement: GeneralisedAssignmentStatement) -> Answer | None:
        """Job by job, each to the agent with room where it earns most; None where one finds no room."""
        profits, _ = statement.earned
        rooms, found = [capacity for _, capacity, _ in statement.used], list[int]()
        for job in range(statement.jobs):
            fitting = [a for a, (weights, _, _) in enumerate(statement.used) if weights[job] <= rooms[a]]
            if not fitting:
                return None
            found.append(max(fitting, key=lambda a: (profits[a][job], -a)))
            rooms[found[-1]] -= statement.used[found[-1]][0][job]
        return {"assigned_to": found}

    def trivial_bound(self, statement: GeneralisedAssignmentStatement) -> Number:
        """What each job earns at most at an agent where it fits alone."""
        return number_above(
            Fraction(sum(most_of(statement, job) for job in range(statement.jobs)), statement.earned[1])
        )

    def enumerated(self, statement: GeneralisedAssignmentStatement) -> Enumerated | None:
        """Up to 12 jobs, job by job; None where that takes too long or nothing is feasible."""
        if statement.jobs > ENUMERATED_JOBS_MAX:
            return None
        found = best_of_all(statement)
        return (
            None
            if found is None
            else Enumerated({"assigned_to": found}, self.objective(statement, {"assigned_to": found}))
        )

    def enumerates(self, statement: GeneralisedAssignmentStatement) -> bool:
        return math.prod([len(statement.capacities)] * statement.jobs) <= ENUMERATED_SURELY_MAX

    def example(self) -> GeneralisedAssignmentStatement:
        """Two agents, three jobs; at best the first agent has the first job, for 20 in all."""
        return GeneralisedAssignmentStatement(
            profits=((8, 6, 5), (5, 7, 5)), weights=((4, 3, 3), (3, 4, 2)), capacities=(5, 6)
        )


def assignment_model(
    statement: GeneralisedAssignmentStatement,
    table: tuple[list[list[int]], int],
    model: cp_model.CpModel,
    *,
    least: bool,
) -> CpReading:
    """The model of the constraints, for the most or the least of the values in a table and their denominator."""
    profits, unit = table
    jobs, agents = statement.jobs, len(profits)
    given = [model.new_bool_var(f"job{job}_{a}") for job in range(jobs) for a in range(agents)]
    values = [profits[a][job] for job in range(jobs) for a in range(agents)]
    coefficients = cp_coefficients(values, unit)
    rounded = False
    for job in range(jobs):
        model.add_exactly_one(given[job * agents : (job + 1) * agents])
    for a, (exact_weights, exact_capacity, _) in enumerate(statement.used):
        weights, capacity, changed = cp_weights(exact_weights, exact_capacity)
        rounded |= changed
        model.add(sum(w * bit for w, bit in zip(weights, given[a::agents], strict=True)) <= capacity)
    total = sum(c * bit for c, bit in zip(coefficients.coefficients, given, strict=True))
    if least:
        model.minimize(total)
    else:
        model.maximize(total)
    return CpReading(
        answer=lambda value: {"assigned_to": decoded([value(bit) for bit in given], jobs, agents)},
        scale=coefficients.scale,
        hint=lambda answer: list(zip(given, encoded(answer["assigned_to"], agents), strict=True)),
        error=math.inf if rounded else coefficients.error,
    )


def _counted(text: str) -> bool:
    return shape_of(text).widths[:2] == [1, 2]


def _slacks(statement: GeneralisedAssignmentStatement) -> list[tuple[int, int, list[int]]]:
    """(agent, common divisor of its weights, values of its slack bits) of the agents that could have too much."""
    return [(agent, common, slack_values(room)) for agent, common, room in _rooms(statement)]


def _rooms(statement: GeneralisedAssignmentStatement) -> Iterator[tuple[int, int, int]]:
    """(agent, common divisor of its weights, its capacity in those) of the agents that could have too much."""
    for a, (weights, capacity, _) in enumerate(statement.used):
        if sum(weights) > capacity:
            common = math.gcd(*weights) or 1
            yield a, common, capacity // common


KIND = GeneralisedAssignment()
