"""Generalised assignment: each job to one agent, within each agent's capacity, at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.formats.divisions import read_agents
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.assignment.generalised_assignment import KIND as MOST
from queuebit_problems.kinds.assignment.generalised_assignment import assignment_model
from queuebit_problems.kinds.assignment.generalised_assignment_replanning import dearer_jobs, kept_jobs, parts_of_jobs
from queuebit_problems.kinds.assignment.generalised_assignment_search import shares_of_agents
from queuebit_problems.kinds.assignment.generalised_assignment_statement import GeneralisedAssignmentCostStatement
from queuebit_problems.numeric import number, number_below
from queuebit_problems.optimisation import CpReading, Encoding, Group, Optimisation
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


class GeneralisedAssignmentCost(Optimisation[GeneralisedAssignmentCostStatement]):
    """Constraints, model and searches are those of the most profit, where each job earns what it costs less than the dearest;
    costs are added up from the statement itself.
    """

    name = "generalised_assignment_cost"
    admission_is_linear = True
    title = "Generalised assignment, least cost"
    sense = "min"
    answer_shape = MOST.answer_shape
    formats = (f"{MOST.formats[0]}; costs stand in the place of profits",)
    params = MOST.params
    statement = GeneralisedAssignmentCostStatement

    def read(
        self, text: str, *, file_name: str = "", params: Params | None = None
    ) -> GeneralisedAssignmentCostStatement:
        found = MOST.read(text, file_name=file_name, params=params)
        return GeneralisedAssignmentCostStatement(
            costs=found.profits, weights=found.weights, capacities=found.capacities
        )

    def variant(self, file_name: str, params: Params | None) -> str:
        return MOST.variant(file_name, {"sense": "min", **(params or {})})

    def assumptions(self, statement: GeneralisedAssignmentCostStatement) -> tuple[str, ...]:
        del statement
        return ("The first table states costs, of which the least are sought (--param sense=max seeks the most).",)

    def size(self, statement: GeneralisedAssignmentCostStatement) -> Size:
        return MOST.size(statement.saved)

    def answer_errors(self, statement: GeneralisedAssignmentCostStatement, answer: Answer) -> list[FieldError]:
        return MOST.answer_errors(statement.saved, answer)

    def objective(self, statement: GeneralisedAssignmentCostStatement, answer: Answer) -> Number:
        costs, unit = statement.paid
        return number(Fraction(sum(costs[a][job] for job, a in enumerate(answer["assigned_to"])), unit))

    def violations(self, statement: GeneralisedAssignmentCostStatement, answer: Answer) -> list[Violation]:
        return MOST.violations(statement.saved, answer)

    def named_rows(self, statement: GeneralisedAssignmentCostStatement) -> NamedRows | None:
        return MOST.named_rows(statement.saved)

    def shares(self, statement: GeneralisedAssignmentCostStatement, answer: Answer) -> Shares:
        """What each job costs, and what is left of each agent."""
        return shares_of_agents(*statement.paid, statement.saved.used, answer["assigned_to"])

    def solution(
        self, statement: GeneralisedAssignmentCostStatement, text: str, *, file_name: str = ""
    ) -> Solution | None:
        return read_agents(text, len(statement.costs[0]), len(statement.costs), file_name)

    def parts(self, statement: GeneralisedAssignmentCostStatement, answer: Answer) -> list[str] | None:
        """The agent of each job."""
        return parts_of_jobs(len(statement.costs[0]), len(statement.capacities), answer["assigned_to"])

    def pinned(
        self, statement: GeneralisedAssignmentCostStatement, parts: Sequence[str]
    ) -> GeneralisedAssignmentCostStatement:
        weights = kept_jobs(statement.weights, statement.capacities, parts)
        return statement.model_copy(update={"weights": weights})

    def with_change_cost(
        self, statement: GeneralisedAssignmentCostStatement, parts: frozenset[str], cost: Number
    ) -> GeneralisedAssignmentCostStatement:
        return statement.model_copy(update={"costs": dearer_jobs(statement.costs, parts, cost, 1)})

    def encoding(self, statement: GeneralisedAssignmentCostStatement) -> Encoding:
        """That of the most profit, its energies moved so that those of feasible answers are their costs."""
        inner, unit = MOST.encoding(statement.saved), statement.paid[1]
        builder = QuboBuilder(inner.qubo.n, self._cost_of(statement, -inner.qubo.offset))
        for i, value in inner.qubo.linear.items():
            builder.add_linear(i, Fraction(value, unit))
        for (i, k), value in inner.qubo.quadratic.items():
            builder.add(i, k, Fraction(value, unit))
        groups = tuple(Group(one.variables, Fraction(one.penalty, unit), one.count) for one in inner.groups)
        return Encoding(builder.build(), inner.decode, inner.encode, groups)

    def cp_model(self, statement: GeneralisedAssignmentCostStatement, model: cp_model.CpModel) -> CpReading:
        return assignment_model(statement.saved, statement.paid, model, least=True)

    def heuristic(self, statement: GeneralisedAssignmentCostStatement, seed: int) -> Answer | None:
        return MOST.heuristic(statement.saved, seed)

    def improve(self, statement: GeneralisedAssignmentCostStatement, answer: Answer) -> Answer:
        return MOST.improve(statement.saved, answer)

    def default_answer(self, statement: GeneralisedAssignmentCostStatement) -> Answer | None:
        return MOST.default_answer(statement.saved)

    def trivial_bound(self, statement: GeneralisedAssignmentCostStatement) -> Number:
        return number_below(self._cost_of(statement, Fraction(MOST.trivial_bound(statement.saved))))

    def enumerated(self, statement: GeneralisedAssignmentCostStatement) -> Enumerated | None:
        found = MOST.enumerated(statement.saved)
        return None if found is None else Enumerated(found.answer, self.objective(statement, found.answer))

    def enumerates(self, statement: GeneralisedAssignmentCostStatement) -> bool:
        return MOST.enumerates(statement.saved)

    def example(self) -> GeneralisedAssignmentCostStatement:
        """Two agents, three jobs; at best the first agent has the second job, for 16 in all."""
        return GeneralisedAssignmentCostStatement(
            costs=((8, 6, 5), (5, 7, 5)), weights=((4, 3, 3), (3, 4, 2)), capacities=(5, 6)
        )

    def _cost_of(self, statement: GeneralisedAssignmentCostStatement, saved: Fraction | int) -> Fraction:
        """What jobs cost that save so much, in integers, of what the dearest ones would."""
        return Fraction(statement.dearest * len(statement.costs[0]) - saved, statement.paid[1])


KIND = GeneralisedAssignmentCost()
