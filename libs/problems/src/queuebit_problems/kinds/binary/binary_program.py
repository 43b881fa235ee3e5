"""Binary programs: whole numbers within bounds, linear constraints, a linear or quadratic objective."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number, Sense
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.formats.lp_text import read_lp
from queuebit_problems.formats.lp_tokens import is_lp
from queuebit_problems.formats.mps import read_mps
from queuebit_problems.formats.mps_sections import INTEGERS_PARAM, is_mps
from queuebit_problems.formats.ommx import statement_of_ommx
from queuebit_problems.formats.solutions import read_named_values
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.binary.binary_program_encoding import counts_of, encoding_of
from queuebit_problems.kinds.binary.binary_program_model import filled
from queuebit_problems.kinds.binary.binary_program_replanning import dearer_values, kept_values
from queuebit_problems.kinds.binary.binary_program_rows import Program
from queuebit_problems.kinds.binary.binary_program_search import feasible, polished
from queuebit_problems.kinds.binary.binary_program_shares import program_shares
from queuebit_problems.kinds.binary.binary_program_statement import BinaryProgramStatement, Constraint, Variable
from queuebit_problems.numeric import number, number_above, number_below
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.rows import NamedRows, Row
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

RESTARTS_MAX = 4
VARIABLES_ENUMERATED_MAX = 14
ENUMERATED_MAX = 2**14
ENUMERATED_WORK_MAX = 1_000_000


class BinaryProgram(Optimisation[BinaryProgramStatement]):
    name = "binary_program"
    admission_is_linear = True
    title = "0/1 and integer programs with linear constraints and a linear or quadratic objective"
    sense: ClassVar[Sense] = "min"
    answer_shape = '{"values": {name: whole number of each variable}}'
    formats = (
        "LP as CPLEX writes it: Minimize or Maximize, Subject To, Bounds, Generals, Binaries, End",
        "MPS, fixed or free: ROWS, COLUMNS, RHS, RANGES, BOUNDS, and QUADOBJ or QMATRIX",
        "OMMX: an instance as JSON, as protobuf's json_format writes it; in a file .ommx also as bytes or as an artifact",
    )
    suffixes = (".lp", ".mps")
    params = {"integers": INTEGERS_PARAM}
    statement = BinaryProgramStatement

    def as_stated(self, statement: BinaryProgramStatement) -> BinaryProgram:
        return MOST if statement.sense == "max" else KIND

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> BinaryProgramStatement:
        named = file_name.lower().endswith(".mps")
        return self.parse(read_mps(text, file_name, params) if named or is_mps(text) else read_lp(text, file_name))

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        """An instance of OMMX."""
        del params
        return statement_of_ommx(document)

    def recognises(self, text: str) -> bool:
        return is_mps(text) or is_lp(text)

    def size(self, statement: BinaryProgramStatement) -> Size:
        program = statement.program
        return Size(program.variables, counts_of(program)[0], program.terms)

    def assumptions(self, statement: BinaryProgramStatement) -> tuple[str, ...]:
        rounded = sum(row.tolerant for row in statement.program.rows)
        if not rounded:
            return ()
        return (
            f"The numbers of {rounded} constraints have more than nine decimals: those are kept to within 1e-9 "
            "of their sides.",
        )

    def answer_errors(self, statement: BinaryProgramStatement, answer: Answer) -> list[FieldError]:
        values, names = answer.get("values"), statement.names
        if not isinstance(values, dict):
            text = "should be an object that has a whole number for the name of each variable"
            return [FieldError("/values", "missing" if "values" not in answer else "object_type", text)]
        errors: list[FieldError] = []
        for name in names:
            if type(values.get(name)) is not int:
                errors.append(FieldError(f"/values/{name}", "integer", "should be a whole number"))
        known = set(names) if len(values) > len(names) or errors else ()
        for name in values if known else ():
            if name not in known:
                errors.append(FieldError(f"/values/{name}", "surplus", "is the name of no variable"))
        return errors[:FAULTS_MAX]

    def objective(self, statement: BinaryProgramStatement, answer: Answer) -> Number:
        program = statement.program
        return number(program.exact(program.worth(_values(statement, answer))))

    def violations(self, statement: BinaryProgramStatement, answer: Answer) -> list[Violation]:
        values = _values(statement, answer)
        found = [
            Violation(
                "out_of_range",
                f"{variable.name} is {value}, which is not within {variable.lower} to {variable.upper}",
                max(variable.lower - value, value - variable.upper),
            )
            for variable, value in zip(statement.variables, values, strict=True)
            if not variable.lower <= value <= variable.upper
        ]
        for place, (one, row) in enumerate(zip(statement.constraints, statement.program.rows, strict=True)):
            activity = row.activity(values)
            if row.missed(activity):
                found.append(_broken(place, one, row, activity))
        return found

    def named_rows(self, statement: BinaryProgramStatement) -> NamedRows:
        names = [one.name or f"the constraint {place}" for place, one in enumerate(statement.constraints)]
        return NamedRows(list(statement.program.ranges), True, list(statement.program.rows), names)

    def shares(self, statement: BinaryProgramStatement, answer: Answer) -> Shares:
        """The offset, what each variable and each product adds, and how far each constraint is from its nearer side."""
        return program_shares(statement, _values(statement, answer))

    def solution(self, statement: BinaryProgramStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_named_values(text, statement.names, file_name)

    def parts(self, statement: BinaryProgramStatement, answer: Answer) -> list[str] | None:
        """The value of each variable."""
        values = answer["values"]
        return [f"{name}={values[name]}" for name in statement.names if name in values]

    def pinned(self, statement: BinaryProgramStatement, parts: Sequence[str]) -> BinaryProgramStatement:
        return kept_values(statement, parts)

    def with_change_cost(
        self, statement: BinaryProgramStatement, parts: frozenset[str], cost: Number
    ) -> BinaryProgramStatement:
        return dearer_values(statement, parts, cost)

    def encoding(self, statement: BinaryProgramStatement) -> Encoding:
        return encoding_of(statement.program, statement.names)

    def cp_model(self, statement: BinaryProgramStatement, model: cp_model.CpModel) -> CpReading:
        return filled(statement.program, statement.names, model)

    def heuristic(self, statement: BinaryProgramStatement, seed: int) -> Answer | None:
        """Every variable where it costs least; jumps towards what the rows ask; then steps that gain."""
        program, rng = statement.program, random.Random(seed)
        best: list[int] | None = None
        for start in range(RESTARTS_MAX):
            found = feasible(program, _start(program, start, rng), rng)
            if found is not None:
                found = polished(program, found)
                if best is None or program.cost(found) < program.cost(best):
                    best = found
        return None if best is None else _answer(statement, best)

    def improve(self, statement: BinaryProgramStatement, answer: Answer) -> Answer:
        """Jumps from a broken answer to one that keeps every row, then steps that gain."""
        found = feasible(statement.program, _values(statement, answer), random.Random(0))
        return answer if found is None else _answer(statement, polished(statement.program, found))

    def default_answer(self, statement: BinaryProgramStatement) -> Answer | None:
        """Every variable at its least, or else at its greatest, where that keeps every row."""
        program = statement.program
        for values in ([low for low, _ in program.ranges], [high for _, high in program.ranges]):
            if program.kept(values):
                return _answer(statement, values)
        return None

    def trivial_bound(self, statement: BinaryProgramStatement) -> Number:
        """Every term at its best, as if there were no constraints."""
        program = statement.program
        low, high = program.worth_range
        return number_above(program.exact(high)) if program.most else number_below(program.exact(low))

    def enumerates(self, statement: BinaryProgramStatement) -> bool:
        program = statement.program
        if program.variables > VARIABLES_ENUMERATED_MAX:
            return False
        answers = math.prod(high - low + 1 for low, high in program.ranges)
        return answers <= ENUMERATED_MAX and answers * (program.terms + 1) <= ENUMERATED_WORK_MAX

    def enumerated(self, statement: BinaryProgramStatement) -> Enumerated | None:
        """All assignments of few variables; None where there are many, or none keeps every row."""
        program = statement.program
        if not self.enumerates(statement):
            return None
        best: tuple[int, ...] | None = None
        least, count = 0, 0
        for values in product(*(range(low, high + 1) for low, high in program.ranges)):
            cost = program.cost(values)
            if (best is not None and cost > least) or not program.kept(values):
                continue
            count = count + 1 if best is not None and cost == least else 1
            if best is None or cost < least:
                best, least = values, cost
        if best is None:
            return None
        answer = _answer(statement, list(best))
        return Enumerated(answer, self.objective(statement, answer), count)

    def example(self) -> BinaryProgramStatement:
        """Two projects of three, where the second needs the first; the least cost is 7, of the first two."""
        return BinaryProgramStatement(
            variables=(Variable(name="first"), Variable(name="second"), Variable(name="third")),
            linear=((0, 4), (1, 3), (2, 5)),
            constraints=(
                Constraint(name="two", terms=((0, 1), (1, 1), (2, 1)), lower=2, upper=2),
                Constraint(name="needs", terms=((1, 1), (0, -1)), upper=0),
            ),
        )


class BinaryProgramMost(BinaryProgram):
    """The same kind for statements that seek the most."""

    sense = "max"


def _values(statement: BinaryProgramStatement, answer: Answer) -> list[int]:
    values: dict[str, int] = answer["values"]
    return [values[name] for name in statement.names]


def _answer(statement: BinaryProgramStatement, values: list[int]) -> Answer:
    return {"values": dict(zip(statement.names, values, strict=True))}


def _broken(place: int, one: Constraint, row: Row, activity: int) -> Violation:
    above = one.upper is not None and row.upper is not None and activity > row.upper
    side = one.upper if above else one.lower
    total = number(Fraction(activity, row.unit))
    label = f"the constraint {one.name or place}"
    return Violation(
        "constraint",
        f"{label}: the sum is {total}, which is {'above' if above else 'below'} {side}",
        number(Fraction(row.missed(activity), row.unit)),
    )


def _start(program: Program, start: int, rng: random.Random) -> list[int]:
    """Where the search begins: at the cheap ends, at the ends nearest to 0, and anywhere."""
    if start == 0:
        sign = -1 if program.most else 1
        slopes = dict(program.linear)
        return [high if sign * slopes.get(i, 0) < 0 else low for i, (low, high) in enumerate(program.ranges)]
    if start == 1:
        return [min(max(0, low), high) for low, high in program.ranges]
    return [rng.choice((low, high)) for low, high in program.ranges]


KIND = BinaryProgram()
MOST = BinaryProgramMost()
