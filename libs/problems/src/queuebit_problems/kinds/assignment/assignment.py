"""Assignment: each row gets a column of its own, at the least cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX, Place, integers_errors, raise_faults, table_faults
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.one_hot import add_one_hot, completed, decoded, encoded, least_cost
from queuebit_problems.encoding.qubo import QuboBuilder, exact
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.divisions import read_assigned
from queuebit_problems.formats.glance import counted_squares
from queuebit_problems.formats.text import Numbers, Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.numeric import Real, cp_coefficients, integers, number, number_below
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

ROWS_MAX = 800
QUBITS_MAX = 1_000
ENUMERATED_ROWS_MAX = 12

Costs = tuple[tuple[Real, ...], ...]


def _square(costs: Costs) -> Costs:
    raise_faults("assignment", _faults(costs))
    return costs


def _faults(costs: Costs) -> Iterator[tuple[Place, str, str]]:
    if not costs:
        yield (), "length", "should have at least one row"
    yield from table_faults(costs, len(costs), len(costs), "costs")


class AssignmentStatement(Statement):
    """What it costs to give each row each column; as many columns as rows. Both count from 0."""

    costs: Annotated[
        Costs,
        AfterValidator(_square),
        Field(max_length=ROWS_MAX, description="Row i lists what each column costs for row i. Square."),
    ]

    @cached_property
    def scaled(self) -> tuple[list[list[int]], int]:
        """The costs as integers, and their common denominator."""
        flat, unit = integers(cost for row in self.costs for cost in row)
        n = len(self.costs)
        return [flat[i * n : (i + 1) * n] for i in range(n)], unit

    @cached_property
    def solved(self) -> tuple[int, list[int]]:
        """The least cost, proved, and an assignment that has it."""
        return least_cost(self.scaled[0])


class Assignment(Optimisation[AssignmentStatement]):
    name = "assignment"
    admission_is_linear = True
    title = "Linear assignment"
    sense = "min"
    answer_shape = '{"assigned_to": [column of each row, from 0]}'
    formats = ("OR-Library assign: `n`, then the n by n costs by rows, lines broken anywhere",)
    suffixes = (".lap",)
    bare = True
    statement = AssignmentStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> AssignmentStatement:
        del params
        numbers = Numbers(Rows(text, file_name=file_name, remedy=f"Assignment reads {self.formats[0]}."))
        n = numbers.integer("the number of rows", 1, ROWS_MAX)
        costs = numbers.table(n, n, "a cost")
        numbers.end(f"the {n} by {n} costs")
        return AssignmentStatement(costs=costs)

    def recognises(self, text: str) -> bool:
        return counted_squares(text) == 1

    def size(self, statement: AssignmentStatement) -> Size:
        n = len(statement.costs)
        return Size(n, n * n, n * n)

    def answer_errors(self, statement: AssignmentStatement, answer: Answer) -> list[FieldError]:
        n = len(statement.costs)
        return integers_errors(answer, "assigned_to", n, 0, n - 1)

    def objective(self, statement: AssignmentStatement, answer: Answer) -> Number:
        costs, unit = statement.scaled
        return number(Fraction(_cost(costs, answer["assigned_to"]), unit))

    def violations(self, statement: AssignmentStatement, answer: Answer) -> list[Violation]:
        del statement
        return twice_given(answer["assigned_to"], "rows", "column")

    def shares(self, statement: AssignmentStatement, answer: Answer) -> Shares:
        """What each row costs."""
        costs, unit = statement.scaled
        paid = [costs[row][column] for row, column in enumerate(answer["assigned_to"])]
        return one_part("rows", paid, unit, lambda row: f"row {row}, column {answer['assigned_to'][row]}")

    def solution(self, statement: AssignmentStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_assigned(text, len(statement.costs), file_name)

    def parts(self, statement: AssignmentStatement, answer: Answer) -> list[str] | None:
        """The column of each row."""
        n = len(statement.costs)
        return [f"row {row}={column}" for row, column in enumerate(answer["assigned_to"][:n]) if 0 <= column < n]

    def with_change_cost(
        self, statement: AssignmentStatement, parts: frozenset[str], cost: Number
    ) -> AssignmentStatement:
        costs = tuple(
            tuple(
                value if f"row {row}={column}" in parts else number(exact(value) + exact(cost))
                for column, value in enumerate(values)
            )
            for row, values in enumerate(statement.costs)
        )
        return statement.model_copy(update={"costs": costs})

    def encoding(self, statement: AssignmentStatement) -> Encoding:
        """A qubit for each row and column; each row and each column is taken once.

        Beyond the least cost of each row nothing is negative, and a broken constraint costs more than an assignment does
        beyond those: every minimum is a cheapest assignment. Raises TooManyQubits.
        """
        costs, unit = statement.scaled
        n = len(costs)
        if n * n > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this assignment needs {n * n} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane: it proves the optimum.",
            )
        least = [min(row) for row in costs]
        builder = QuboBuilder(n * n, Fraction(sum(least), unit))
        for i, row in enumerate(costs):
            for j, cost in enumerate(row):
                builder.add_linear(i * n + j, Fraction(cost - least[i], unit))
        groups = add_one_hot(builder, n, n, Fraction(statement.solved[0] - sum(least), unit) + 1, permutation=True)
        return Encoding(
            builder.build(),
            lambda bits: {"assigned_to": decoded(bits, n, n)},
            lambda answer: encoded(answer["assigned_to"], n),
            groups,
        )

    def cp_model(self, statement: AssignmentStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean for each row and column, exactly one in each row and column."""
        costs, unit = statement.scaled
        n = len(costs)
        coefficients = cp_coefficients([cost for row in costs for cost in row], unit)
        given = [model.new_bool_var(f"row{i}_{j}") for i in range(n) for j in range(n)]
        for k in range(n):
            model.add_exactly_one(given[k * n : (k + 1) * n])
            model.add_exactly_one(given[k::n])
        model.minimize(sum(c * bit for c, bit in zip(coefficients.coefficients, given, strict=True)))
        return CpReading(
            answer=lambda value: {"assigned_to": decoded([value(bit) for bit in given], n, n)},
            scale=coefficients.scale,
            hint=lambda answer: list(zip(given, encoded(answer["assigned_to"], n), strict=True)),
            error=coefficients.error,
        )

    def heuristic(self, statement: AssignmentStatement, seed: int) -> Answer | None:
        """Shortest augmenting paths, which is exact."""
        del seed
        return {"assigned_to": list(statement.solved[1])}

    def improve(self, statement: AssignmentStatement, answer: Answer) -> Answer:
        """Rows whose column is taken get free ones; then the columns of two rows are exchanged while that saves."""
        costs, _ = statement.scaled
        found = completed(answer["assigned_to"], len(costs))
        for _ in range(len(found)):
            moved = False
            for i, row in enumerate(costs):
                mine = row[found[i]]
                for k in range(i):
                    if row[found[k]] + costs[k][found[i]] < mine + costs[k][found[k]]:
                        found[i], found[k] = found[k], found[i]
                        mine, moved = row[found[i]], True
            if not moved:
                break
        return {"assigned_to": found}

    def default_answer(self, statement: AssignmentStatement) -> Answer | None:
        """Row by row, each the cheapest column that is left."""
        left, found = set(range(len(statement.costs))), list[int]()
        for row in statement.scaled[0]:
            found.append(min(left, key=lambda j: (row[j], j)))
            left.remove(found[-1])
        return {"assigned_to": found}

    def trivial_bound(self, statement: AssignmentStatement) -> Number:
        """The optimum itself, from the prices of the exact method."""
        return number_below(Fraction(statement.solved[0], statement.scaled[1]))

    def enumerated(self, statement: AssignmentStatement) -> Enumerated | None:
        """Up to 12 rows, over all sets of columns."""
        costs, unit = statement.scaled
        n = len(costs)
        if n > ENUMERATED_ROWS_MAX:
            return None
        best: list[tuple[int, int]] = [(0, -1)]
        for chosen in range(1, 1 << n):
            row = costs[chosen.bit_count() - 1]
            best.append(min((best[chosen ^ (1 << j)][0] + row[j], j) for j in range(n) if chosen >> j & 1))
        chosen, found = (1 << n) - 1, list[int]()
        while chosen:
            found.append(best[chosen][1])
            chosen ^= 1 << found[-1]
        return Enumerated({"assigned_to": found[::-1]}, number(Fraction(best[-1][0], unit)))

    def example(self) -> AssignmentStatement:
        """Three workers and three tasks; the least cost is 12."""
        return AssignmentStatement(costs=((4, 2, 8), (4, 3, 7), (3, 1, 6)))


def twice_given(columns_of: Sequence[int], rows: str, column: str) -> list[Violation]:
    """The columns that several rows have."""
    holders: dict[int, list[int]] = {}
    for row, name in enumerate(columns_of):
        holders.setdefault(name, []).append(row)
    shared = [(name, mine) for name, mine in sorted(holders.items()) if len(mine) > 1]
    return [
        Violation("taken_twice", f"{rows} {', '.join(map(str, mine[:10]))} all have {column} {name}", len(mine) - 1)
        for name, mine in shared[:FAULTS_MAX]
    ]


def _cost(costs: Any, columns_of: Sequence[int]) -> int:
    return sum(row[column] for row, column in zip(costs, columns_of, strict=True))


KIND = Assignment()
