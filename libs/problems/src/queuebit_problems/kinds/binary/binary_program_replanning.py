"""Binary programs that keep to earlier values: bounds that hold them, and costs of variables that take others."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import NotReplanned
from queuebit_problems.kinds.binary.binary_program_statement import BinaryProgramStatement
from queuebit_problems.numeric import number


def kept_values(statement: BinaryProgramStatement, parts: Sequence[str]) -> BinaryProgramStatement:
    """Each of these variables has no value but this one."""
    wanted = {name: int(value) for name, _, value in (part.rpartition("=") for part in parts)}
    variables = []
    for each in statement.variables:
        value = wanted.get(each.name)
        if value is not None and not each.lower <= value <= each.upper:
            raise _impossible(each.name, f"{value} is not within {each.lower} to {each.upper} any more")
        variables.append(each if value is None else each.model_copy(update={"lower": value, "upper": value}))
    return statement.model_copy(update={"variables": tuple(variables)})


def dearer_values(statement: BinaryProgramStatement, parts: frozenset[str], cost: Number) -> BinaryProgramStatement:
    """Each variable that has another value than before costs so much: a linear term, where it has two values at most."""
    before = {name: int(value) for name, _, value in (part.rpartition("=") for part in parts)}
    sign = -1 if statement.sense == "max" else 1
    linear = {place: Fraction(exact(c)) for place, c in statement.linear}
    offset = Fraction(exact(statement.offset))
    for place, each in enumerate(statement.variables):
        value = before.get(each.name)
        if value is None or each.lower == each.upper == value:
            continue
        if each.lower == each.upper or not each.lower <= value <= each.upper:
            offset += sign * Fraction(exact(cost))
        elif each.upper - each.lower > 1:
            raise _impossible(each.name, "takes more than two values, so that a change of it costs no fixed amount")
        else:
            step = 1 if value == each.lower else -1
            rise = sign * step * Fraction(exact(cost))
            linear[place] = linear.get(place, Fraction(0)) + rise
            offset -= rise * value
    terms = tuple((place, number(c)) for place, c in sorted(linear.items()))
    return statement.model_copy(update={"linear": terms, "offset": number(offset)})


def _impossible(name: str, why: str) -> NotReplanned:
    return NotReplanned(
        f"The variable {name}: {why}.",
        remedy="Leave it out of what is pinned; or state values of two each, or changes without a cost.",
        fields=(FieldError("/pins", "impossible", f"{name}: {why}"),),
    )
