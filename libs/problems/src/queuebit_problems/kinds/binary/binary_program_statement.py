"""What a binary program states: variables with finite ranges of whole numbers, linear constraints, a quadratic objective."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, Field, Strict, ValidationInfo, model_validator

from queuebit_contracts.jobs import Sense
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.kind import Statement
from queuebit_problems.kinds.binary.binary_program_rows import Program, program_of
from queuebit_problems.numeric import Index, Real

VARIABLES_MAX = 20_000
CONSTRAINTS_MAX = 20_000
TERMS_MAX = 400_000
INTEGER_MAX = 10**9
"""The largest magnitude of a bound of a variable."""
NAME_LENGTH_MAX = 255
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]+")

Whole = Annotated[int, Strict(), Field(ge=-INTEGER_MAX, le=INTEGER_MAX)]


def _one_word(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise_faults("binary_program", [((), "name", "should be one word without spaces")])
    return name


class Variable(Statement):
    """A whole number from `lower` to `upper`, which are 0 and 1 where nothing is stated."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=NAME_LENGTH_MAX, description="One word; each name once."),
        AfterValidator(_one_word),
    ]
    lower: Annotated[Whole, Field(description="The least value.")] = 0
    upper: Annotated[Whole, Field(description="The greatest value.")] = 1


Terms = tuple[tuple[Index, Real], ...]
Products = tuple[tuple[Index, Index, Real], ...]


class Constraint(Statement):
    """lower <= the sum of a x over the terms [x, a] <= upper; a side that is null is open, and equal sides are an equation."""

    name: Annotated[str, Field(max_length=NAME_LENGTH_MAX, description="For messages; may be empty.")] = ""
    terms: Annotated[
        Terms, Field(max_length=TERMS_MAX, description="Terms [variable, coefficient], each variable once.")
    ]
    lower: Annotated[Real | None, Field(description="What the sum is at least.")] = None
    upper: Annotated[Real | None, Field(description="What the sum is at most.")] = None


def _ranges(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    raise_faults("binary_program", _range_faults(variables))
    return variables


def _range_faults(variables: tuple[Variable, ...]) -> Iterator[tuple[Place, str, str]]:
    if not variables:
        yield (), "length", "should have at least one variable"
    counts = Counter(variable.name for variable in variables)
    for place, variable in enumerate(variables):
        if counts[variable.name] > 1:
            yield (
                (place, "name"),
                "duplicate",
                f"{variable.name[:40]!r} is the name of {counts[variable.name]} variables",
            )
        if variable.lower > variable.upper:
            yield (place, "upper"), "range", f"is below the lower bound {variable.lower}"


def _linear(terms: Terms, info: ValidationInfo) -> Terms:
    variables = info.data.get("variables")
    if variables is not None:
        raise_faults("binary_program", _term_faults(terms, len(variables)))
    return terms


def _term_faults(terms: Terms, variables: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[int]()
    for place, (i, _) in enumerate(terms):
        if i >= variables:
            yield (place, 0), "variable", f"should be the place of a variable, from 0 to {variables - 1}, or its name"
        elif i in seen:
            yield (place, 0), "duplicate", f"repeats the variable {i}; list each once, coefficients added"
        seen.add(i)


def _quadratic(terms: Products, info: ValidationInfo) -> Products:
    """Each pair once; else the normal form: i <= j, terms in order."""
    variables = info.data.get("variables")
    if variables is None:
        return terms
    raise_faults("binary_program", _product_faults(terms, len(variables)))
    return tuple(sorted((i, j, q) if i <= j else (j, i, q) for i, j, q in terms))


def _product_faults(terms: Products, variables: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[tuple[int, int]]()
    for place, (i, j, _) in enumerate(terms):
        pair = (min(i, j), max(i, j))
        if pair[1] >= variables:
            side = 0 if i >= variables else 1
            yield (
                (place, side),
                "variable",
                f"should be the place of a variable, from 0 to {variables - 1}, or its name",
            )
        elif pair in seen:
            yield (place,), "duplicate", f"repeats the pair {pair[0]}, {pair[1]}; list each pair once"
        seen.add(pair)


def _constraints(constraints: tuple[Constraint, ...], info: ValidationInfo) -> tuple[Constraint, ...]:
    variables = info.data.get("variables")
    if variables is not None:
        raise_faults("binary_program", _constraint_faults(constraints, len(variables)))
    return constraints


def _constraint_faults(constraints: tuple[Constraint, ...], variables: int) -> Iterator[tuple[Place, str, str]]:
    if sum(len(one.terms) for one in constraints) > TERMS_MAX:
        yield (), "length", f"should have at most {TERMS_MAX} terms in all"
        return
    for place, one in enumerate(constraints):
        for (*rest,), code, message in _term_faults(one.terms, variables):
            yield (place, "terms", *rest), code, message
        if one.lower is None and one.upper is None:
            yield (place,), "open", "should state lower or upper, or both"
        elif one.lower is not None and one.upper is not None and one.lower > one.upper:
            yield (place, "upper"), "range", f"is below lower, which is {one.lower}"


class BinaryProgramStatement(Statement):
    """Make offset + the sum of c x over `linear` + the sum of q x y over `quadratic` least or most, over whole numbers within
    the bounds of the variables, under linear constraints. Variables count from 0; where a term is stated, a name may stand in
    the place of the number. A constraint may be stated with "sense" ("<=", ">=" or "=") and "rhs" instead of its sides.

    Numbers are taken as their decimals state them. A constraint whose numbers have more than nine decimals is kept where it is
    missed by no more than 1e-9 (of its side, where that is beyond 1): such numbers were rounded before they were written.
    """

    sense: Annotated[Sense, Field(description="Whether the least or the most is sought: min or max.")] = "min"
    variables: Annotated[
        tuple[Variable, ...],
        Field(max_length=VARIABLES_MAX, description="The variables, in order.", json_schema_extra={"minItems": 1}),
        AfterValidator(_ranges),
    ]
    linear: Annotated[
        Terms,
        Field(max_length=VARIABLES_MAX, description="Terms [variable, c], each variable once."),
        AfterValidator(_linear),
    ] = ()
    quadratic: Annotated[
        Products,
        Field(
            max_length=TERMS_MAX,
            description="Terms [variable, variable, q], each pair once and counted once; a square is [x, x, q].",
        ),
        AfterValidator(_quadratic),
    ] = ()
    offset: Annotated[Real, Field(description="A constant added to every objective.")] = 0
    constraints: Annotated[
        tuple[Constraint, ...],
        Field(max_length=CONSTRAINTS_MAX, description="What every answer keeps."),
        AfterValidator(_constraints),
    ] = ()

    @model_validator(mode="before")
    @classmethod
    def _by_names(cls, data: Any) -> Any:
        """Names become places, and a sense with its side becomes one of the two sides; what is neither is left as it is."""
        if not isinstance(data, Mapping) or not isinstance(data.get("variables"), list | tuple):
            return data
        places = {
            one["name"]: place
            for place, one in enumerate(data["variables"])
            if isinstance(one, Mapping) and isinstance(one.get("name"), str)
        }
        named = {key: _placed(data[key], places) for key in ("linear", "quadratic") if key in data}
        constraints = data.get("constraints")
        if isinstance(constraints, list | tuple):
            named["constraints"] = [_sided(one, places) if isinstance(one, Mapping) else one for one in constraints]
        return {**data, **named}

    @cached_property
    def names(self) -> list[str]:
        return [variable.name for variable in self.variables]

    @cached_property
    def program(self) -> Program:
        """The same in integers."""
        return program_of(
            [(variable.lower, variable.upper) for variable in self.variables],
            self.linear,
            self.quadratic,
            self.offset,
            [(one.terms, one.lower, one.upper) for one in self.constraints],
            most=self.sense == "max",
        )


def _placed(terms: Any, places: Mapping[str, int]) -> Any:
    if not isinstance(terms, list | tuple):
        return terms
    return [
        [places.get(part, part) if isinstance(part, str) else part for part in term]
        if isinstance(term, list | tuple)
        else term
        for term in terms
    ]


def _sided(one: Mapping[str, Any], places: Mapping[str, int]) -> dict[str, Any]:
    found = dict(one)
    if "terms" in found:
        found["terms"] = _placed(found["terms"], places)
    sense = found.get("sense")
    if sense in ("<=", ">=", "=", "==") and "rhs" in found and not found.keys() & {"lower", "upper"}:
        side = found.pop("rhs")
        found.pop("sense")
        if sense != ">=":
            found["upper"] = side
        if sense != "<=":
            found["lower"] = side
    return found
