"""A binary program as CP-SAT takes it: whole numbers, linear rows, a variable for each product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from queuebit_problems.kind import Answer
from queuebit_problems.kinds.binary.binary_program_rows import Program
from queuebit_problems.numeric import CP_TOTAL_MAX, cp_coefficients
from queuebit_problems.optimisation import ENFORCED_SUM_MAX, CpReading
from queuebit_problems.rows import Row

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def filled(program: Program, names: Sequence[str], model: cp_model.CpModel) -> CpReading:
    """State the program. Rows of more digits than fit are rounded to the safe side; presolve is off where a row sums so much
    that what it makes of it could lose solutions.
    """
    variables = [
        model.new_bool_var(name) if pair == (0, 1) else model.new_int_var(*pair, name)
        for name, pair in zip(names, program.ranges, strict=True)
    ]
    rounded, greatest = False, 0
    for row in program.rows:
        greatest = max(greatest, sum(abs(a) * _span(program, i) for i, a in row.terms))
        rounded |= _add_row(program, row, variables, model)
    products = [
        _product(program, i, j, variables, model, least=(q > 0) != program.most) for i, j, q in program.quadratic
    ]
    reach = [_span(program, i) for i, _ in program.linear]
    reach += [_span(program, i) * _span(program, j) for i, j, _ in program.quadratic]
    numbers = [c for _, c in program.linear] + [q for _, _, q in program.quadratic]
    coefficients = cp_coefficients([*numbers, program.offset], program.unit, [*reach, 1])
    parts = [*(variables[i] for i, _ in program.linear), *products]
    total = sum(c * part for c, part in zip(coefficients.coefficients, parts, strict=False))
    total += coefficients.coefficients[-1]
    if program.most:
        model.maximize(total)
    else:
        model.minimize(total)

    def hint(answer: Answer) -> list[tuple[Any, int]]:
        values = [answer["values"][name] for name in names]
        pairs = [(one, values[i] * values[j]) for (i, j, _), one in zip(program.quadratic, products, strict=True)]
        made = [pair for pair, (i, _, _) in zip(pairs, program.quadratic, strict=True) if pair[0] is not variables[i]]
        return [*zip(variables, values, strict=True), *made]

    return CpReading(
        answer=lambda value: {"values": {name: int(value(one)) for name, one in zip(names, variables, strict=True)}},
        scale=coefficients.scale,
        hint=hint,
        error=math.inf if rounded else coefficients.error,
        presolve=greatest <= ENFORCED_SUM_MAX,
    )


def _span(program: Program, i: int) -> int:
    """The largest magnitude of a variable."""
    return max(map(abs, program.ranges[i]))


def _add_row(program: Program, row: Row, variables: Sequence[Any], model: cp_model.CpModel) -> bool:
    """State one row over what each variable is above its least value; whether it had to be rounded."""
    base = sum(a * program.ranges[i][0] for i, a in row.terms)
    divisor = math.gcd(*(a for _, a in row.terms)) or 1
    lower = None if row.lower is None else -(-(row.lower - base) // divisor)
    upper = None if row.upper is None else (row.upper - base) // divisor
    terms = [(i, a // divisor) for i, a in row.terms]
    total = sum(abs(a) * (_width(program, i) + abs(program.ranges[i][0])) for i, a in terms)
    coarse = -(-total // CP_TOTAL_MAX) or 1
    if coarse == 1 and lower is not None and lower == upper and abs(lower) <= total and terms:
        model.add(sum(a * variables[i] for i, a in terms if a) == lower + base // divisor)
        return False
    if upper is not None:
        _add_most(program, [(i, -(-a // coarse)) for i, a in terms], upper // coarse, variables, model)
    if lower is not None:
        _add_most(program, [(i, -(a // coarse)) for i, a in terms], -lower // coarse, variables, model)
    return coarse > 1


def _width(program: Program, i: int) -> int:
    return program.ranges[i][1] - program.ranges[i][0]


def _add_most(
    program: Program, terms: Sequence[tuple[int, int]], upper: int, variables: Sequence[Any], model: cp_model.CpModel
) -> None:
    """The sum of a (x - its least value) is at most `upper`."""
    if upper >= sum(a * _width(program, i) for i, a in terms if a > 0):
        return
    if upper < sum(a * _width(program, i) for i, a in terms if a < 0):
        model.add_bool_or([])
        return
    base = sum(a * program.ranges[i][0] for i, a in terms)
    model.add(sum(a * variables[i] for i, a in terms if a) <= upper + base)


def _product(program: Program, i: int, j: int, variables: Sequence[Any], model: Any, *, least: bool) -> Any:
    """x y: of two Booleans only the side that the objective does not hold by itself. `least`: it pulls the product down."""
    if program.ranges[i] == program.ranges[j] == (0, 1):
        if i == j:
            return variables[i]
        both = model.new_bool_var("")
        if least:
            model.add_bool_or(~variables[i], ~variables[j], both)
        else:
            model.add_implication(both, variables[i])
            model.add_implication(both, variables[j])
        return both
    ends = [a * b for a in program.ranges[i] for b in program.ranges[j]]
    result = model.new_int_var(min(*ends, 0), max(ends), "")
    model.add_multiplication_equality(result, [variables[i], variables[j]])
    return result
