"""Quadratic assignment: facilities to locations, so that flow times distance is least."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, integers_errors, raise_faults, table_faults
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.one_hot import add_one_hot, completed, decoded, encoded, least_cost
from queuebit_problems.encoding.qubo import QuboBuilder, exact
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.glance import counted_squares, shape_of
from queuebit_problems.formats.solutions import read_permutation
from queuebit_problems.formats.text import Numbers, Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.kinds.assignment.assignment import twice_given
from queuebit_problems.kinds.assignment.quadratic_assignment_model import choice_costs, lawler_model, product_costs
from queuebit_problems.kinds.assignment.quadratic_assignment_search import cost_of, improved, lawler_costs, tabu
from queuebit_problems.numeric import NonNegative, cp_coefficients, integers, number, number_below
from queuebit_problems.optimisation import ENFORCED_SUM_MAX, CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

CHOICE_MODEL_MAX = 40
SIZE_MAX = 200
QUBITS_MAX = 1_000
ENUMERATED_MAX = 7
PRODUCT_MODEL_MAX = 14
"""Up to here the model has a Boolean for each pair of choices, which bounds far better; above, one cost for each choice."""

Table = tuple[tuple[NonNegative, ...], ...]


def _square(table: Table, info: ValidationInfo) -> Table:
    raise_faults("quadratic_assignment", _faults(table, len(info.data.get("flows", table))))
    return table


def _faults(table: Table, n: int) -> Iterator[tuple[Place, str, str]]:
    if not table:
        yield (), "length", "should have at least one row"
    yield from table_faults(table, n, n, "values")


class QuadraticAssignmentStatement(Statement):
    """Minimise sum over i, j of flows[i][j] * distances[p(i)][p(j)] over permutations p: facility i goes to location p(i).

    In a QAPLIB file the first matrix is `flows`, the second `distances`, whatever they mean. All count from 0.
    """

    flows: Annotated[
        Table,
        AfterValidator(_square),
        Field(max_length=SIZE_MAX, description="Flow from facility i to j; not negative."),
    ]
    distances: Annotated[
        Table,
        AfterValidator(_square),
        Field(max_length=SIZE_MAX, description="Distance from place i to j; not negative."),
    ]

    @cached_property
    def scaled(self) -> tuple[list[list[int]], list[list[int]], int]:
        """(flows, distances, denominator of a product) in integers."""
        n = len(self.flows)
        a, flow_unit = integers(value for row in self.flows for value in row)
        b, distance_unit = integers(value for row in self.distances for value in row)
        rows = range(n)
        return (
            [a[i * n : (i + 1) * n] for i in rows],
            [b[i * n : (i + 1) * n] for i in rows],
            flow_unit * distance_unit,
        )

    @cached_property
    def bound(self) -> tuple[int, list[int]]:
        """Gilmore and Lawler: (a bound on the least cost, the permutation that solves its assignment problem)."""
        a, b, _ = self.scaled
        return least_cost(lawler_costs(a, b))


class QuadraticAssignment(Optimisation[QuadraticAssignmentStatement]):
    name = "quadratic_assignment"
    admission_is_linear = True
    title = "Quadratic assignment"
    sense = "min"
    answer_shape = '{"permutation": [location p(i) of each facility i, from 0]}'
    formats = ("QAPLIB: `n`, then two n by n matrices A and B, lines broken anywhere; sum of A[i][j] * B[p(i)][p(j)]",)
    suffixes = (".qap",)
    statement = QuadraticAssignmentStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> QuadraticAssignmentStatement:
        del params
        numbers = Numbers(Rows(text, file_name=file_name, remedy=f"Quadratic assignment reads {self.formats[0]}."))
        n = numbers.integer("the number of facilities", 1, SIZE_MAX)
        flows = numbers.table(n, n, "a value of the first matrix", 0)
        distances = numbers.table(n, n, "a value of the second matrix", 0)
        numbers.end("the two matrices")
        return QuadraticAssignmentStatement(flows=flows, distances=distances)

    def recognises(self, text: str) -> bool:
        return shape_of(text).widths[:1] == [1] and counted_squares(text) == 2

    def size(self, statement: QuadraticAssignmentStatement) -> Size:
        n = len(statement.flows)
        return Size(n, n * n, n * n)

    def answer_errors(self, statement: QuadraticAssignmentStatement, answer: Answer) -> list[FieldError]:
        n = len(statement.flows)
        return integers_errors(answer, "permutation", n, 0, n - 1)

    def objective(self, statement: QuadraticAssignmentStatement, answer: Answer) -> Number:
        a, b, unit = statement.scaled
        return number(Fraction(cost_of(a, b, answer["permutation"]), unit))

    def violations(self, statement: QuadraticAssignmentStatement, answer: Answer) -> list[Violation]:
        del statement
        return twice_given(answer["permutation"], "facilities", "location")

    def shares(self, statement: QuadraticAssignmentStatement, answer: Answer) -> Shares:
        """What the flows from each facility cost."""
        a, b, unit = statement.scaled
        p = answer["permutation"]
        costs = [sum(value * b[p[i]][p[j]] for j, value in enumerate(row)) for i, row in enumerate(a)]
        return one_part("facilities", costs, unit, lambda i: f"facility {i} at {p[i]}")

    def solution(self, statement: QuadraticAssignmentStatement, text: str, *, file_name: str = "") -> Solution | None:
        """QAPLIB's files list the place of each flow, or the flow of each place: whichever has the value that they claim."""
        n = len(statement.flows)
        found, claimed = read_permutation(text, n, file_name)
        inverse = sorted(range(n), key=found.__getitem__)
        as_claimed = [way for way in (found, inverse) if self.objective(statement, {"permutation": way}) == claimed]
        return Solution({"permutation": as_claimed[0] if as_claimed else found}, claimed)

    def encoding(self, statement: QuadraticAssignmentStatement) -> Encoding:
        """A qubit for each facility and location; each facility and each location is taken once.

        Nothing is negative, and a broken constraint costs more than a known permutation: every minimum is optimal. Raises
        TooManyQubits.
        """
        a, b, unit = statement.scaled
        n = len(a)
        if n * n > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this assignment needs {n * n} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer facilities.",
            )
        builder = QuboBuilder(n * n)
        for i in range(n):
            for k in range(n):
                builder.add_linear(i * n + k, Fraction(a[i][i] * b[k][k], unit))
                for j in range(i + 1, n):
                    if not a[i][j] and not a[j][i]:
                        continue
                    for m in range(n):
                        if m != k:
                            cost = a[i][j] * b[k][m] + a[j][i] * b[m][k]
                            builder.add(i * n + k, j * n + m, Fraction(cost, unit))
        known = improved(a, b, statement.bound[1])
        groups = add_one_hot(builder, n, n, Fraction(cost_of(a, b, known), unit) + 1, permutation=True)
        return Encoding(
            builder.build(),
            lambda bits: {"permutation": decoded(bits, n, n)},
            lambda answer: encoded(answer["permutation"], n),
            groups,
        )

    def cp_model(self, statement: QuadraticAssignmentStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean for each facility and location, exactly one in each row and column, and costs of pairs or of choices.

        A large statement is only stated by Gilmore and Lawler's costs, which bound nothing here that they do not without it.
        """
        a, b, unit = statement.scaled
        n = len(a)
        given = [[model.new_bool_var(f"at{i}_{k}") for k in range(n)] for i in range(n)]
        for k in range(n):
            model.add_exactly_one(given[k])
            model.add_exactly_one(row[k] for row in given)
        most = sum(map(sum, a)) * max(map(max, b))
        scale = cp_coefficients([most], unit).scale
        factor = 1 / (unit * Fraction(exact(scale)))
        small = product_costs if n <= PRODUCT_MODEL_MAX else choice_costs
        costs = small if n <= CHOICE_MODEL_MAX else lawler_model
        terms, hints = costs(model, given, a, b, lambda cost: round(cost * factor))
        own = [(round(a[i][i] * b[k][k] * factor), given[i][k]) for i in range(n) for k in range(n)]
        model.minimize(sum(c * bit for c, bit in [*own, *terms]))

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            p = answer["permutation"]
            chosen = [(bit, int(p[i] == k)) for i, row in enumerate(given) for k, bit in enumerate(row)]
            return chosen + [(variable, value(p)) for variable, value in hints]

        return CpReading(
            answer=lambda value: {"permutation": decoded([value(bit) for row in given for bit in row], n, n)},
            scale=scale,
            hint=hint,
            error=0 if factor.denominator == 1 and n <= CHOICE_MODEL_MAX else math.inf,
            presolve=costs is not choice_costs or factor * max(map(sum, a)) * max(map(sum, b)) <= ENFORCED_SUM_MAX,
        )

    def heuristic(self, statement: QuadraticAssignmentStatement, seed: int) -> Answer | None:
        """Robust tabu search over exchanges of two facilities, from Gilmore and Lawler's assignment and from one by lot.

        Where the former lies in a deep valley (bur26a), every seed ended there.
        """
        a, b, _ = statement.scaled
        rng = random.Random(seed)
        starts = (statement.bound[1], rng.sample(range(len(a)), len(a)))
        return {"permutation": min((tabu(a, b, start, rng) for start in starts), key=lambda p: cost_of(a, b, p))}

    def improve(self, statement: QuadraticAssignmentStatement, answer: Answer) -> Answer:
        """Facilities whose location is taken get free ones; then two are exchanged while that saves."""
        a, b, _ = statement.scaled
        return {"permutation": improved(a, b, completed(answer["permutation"], len(a)))}

    def default_answer(self, statement: QuadraticAssignmentStatement) -> Answer | None:
        """Every facility where it stands in the list."""
        return {"permutation": list(range(len(statement.flows)))}

    def trivial_bound(self, statement: QuadraticAssignmentStatement) -> Number:
        """Gilmore and Lawler's bound."""
        return number_below(Fraction(statement.bound[0], statement.scaled[2]))

    def enumerated(self, statement: QuadraticAssignmentStatement) -> Enumerated | None:
        """Up to 7 facilities."""
        a, b, unit = statement.scaled
        if not self.enumerates(statement):
            return None
        costs = [(cost_of(a, b, p), p) for p in permutations(range(len(a)))]
        best, found = min(costs)
        count = sum(cost == best for cost, _ in costs)
        return Enumerated({"permutation": list(found)}, number(Fraction(best, unit)), count)

    def enumerates(self, statement: QuadraticAssignmentStatement) -> bool:
        return len(statement.flows) <= ENUMERATED_MAX

    def example(self) -> QuadraticAssignmentStatement:
        """Three facilities on a line; the first and the third, with most flow between them, stand side by side: 24."""
        return QuadraticAssignmentStatement(
            flows=((0, 1, 5), (1, 0, 2), (5, 2, 0)), distances=((0, 1, 3), (1, 0, 2), (3, 2, 0))
        )


KIND = QuadraticAssignment()
