"""A binary program as HiGHS takes it, in floats, and the bound that floats can prove."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from queuebit_classical_solver.errors import NothingFound
from queuebit_contracts.jobs import Number
from queuebit_problems.kinds.binary.binary_program_rows import Program
from queuebit_problems.numeric import number_above, number_below

TERMS_MAX = 300_000
TOLERANCE = 1e-6
"""HiGHS's own, for feasibility and for whole numbers."""
UNIT_MAX = 10**9
"""Above, the tolerance is more than a unit of the objective."""

LinearRow = tuple[list[tuple[int, float]], float | None, float | None]


@dataclass(frozen=True, slots=True)
class Model:
    """Columns of the variables, then of products of two of them; rows of constraints, then what holds the products."""

    costs: list[float]
    offset: float
    ranges: list[tuple[int, int]]
    rows: list[LinearRow]
    products: list[tuple[int, int]]

    def extended(self, values: Sequence[int]) -> list[int]:
        """The values of the variables, then those of the products."""
        return [*values, *(values[i] * values[j] for i, j in self.products)]


def model_of(program: Program) -> Model:
    """Raises NothingFound where the program is none that HiGHS takes."""
    if program.terms > TERMS_MAX:
        raise NothingFound(f"The program has more than the {TERMS_MAX} terms that HiGHS is given.")
    costs = [0.0] * program.variables
    for i, c in program.linear:
        costs[i] += float(Fraction(c, program.unit))
    rows = [_row(row.terms, row.lower, row.upper, row.unit) for row in program.rows]
    ranges, products = list(program.ranges), list[tuple[int, int]]()
    for i, j, q in program.quadratic:
        if not program.ranges[i] == program.ranges[j] == (0, 1):
            raise NothingFound("HiGHS is given no products but of Booleans.")
        if i == j:
            costs[i] += float(Fraction(q, program.unit))
            continue
        both = len(ranges)
        ranges.append((0, 1))
        costs.append(float(Fraction(q, program.unit)))
        products.append((i, j))
        if (q > 0) != program.most:
            rows.append(([(i, 1.0), (j, 1.0), (both, -1.0)], None, 1.0))
        else:
            rows += [([(both, 1.0), (each, -1.0)], None, 0.0) for each in (i, j)]
    return Model(costs, float(Fraction(program.offset, program.unit)), ranges, rows, products)


def _row(terms: Sequence[tuple[int, int]], lower: int | None, upper: int | None, unit: int) -> LinearRow:
    return (
        [(i, float(Fraction(a, unit))) for i, a in terms],
        None if lower is None else float(Fraction(lower, unit)),
        None if upper is None else float(Fraction(upper, unit)),
    )


def proved(program: Program, model: Model, dual: float | None) -> Number | None:
    """The bound in whole units of the objective, where the tolerances cannot miss half of one; else None. HiGHS takes numbers
    of rows that are small beside its tolerance for nothing: then no bound stands.
    """
    if dual is None or program.unit > UNIT_MAX:
        return None
    factors = [abs(a) for terms, _, _ in model.rows for _, a in terms if a]
    if min(factors, default=1.0) < TOLERANCE:
        return None
    numbers = [abs(c) for c in model.costs] + factors
    reach = sum(max(map(abs, pair)) for pair in model.ranges) + abs(dual)
    margin = 2 * TOLERANCE * program.unit * (1 + reach) * max(1.0, *numbers)
    if margin >= 0.5:
        return None
    units = dual * program.unit
    if program.most:
        return number_above(program.exact(math.floor(units + margin)))
    return number_below(program.exact(math.ceil(units - margin)))
