"""QUBO and Ising: minimise a quadratic polynomial over bits, or over spins, which become bits exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    Strict,
    ValidationError,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, bits_errors, raise_faults
from queuebit_problems.encoding.enumeration import VARIABLES_MAX, Enumerated, minimum_of
from queuebit_problems.encoding.ising import IsingStatement, statement_of_bqm
from queuebit_problems.encoding.qubo import QuboBuilder, exact
from queuebit_problems.encoding.qubo_rows import ROWS_TERMS_MIN, rows_of, stated_either_way, terms_of
from queuebit_problems.encoding.qubo_search import Quadratic, descend, greedy, search
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.orlib import PROBLEM_PARAM, adds_up, chosen_problem
from queuebit_problems.formats.qubo_lists import (
    is_coordinates,
    is_qbsolv,
    read_coordinates,
    read_qbsolv,
    statement_of_bqpjson,
)
from queuebit_problems.formats.qubolib import TERMS_MAX, VARIABLES_STATED_MAX, read_entries, read_problems, read_spins
from queuebit_problems.formats.solutions import read_bits
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.kinds.binary.qubo_replanning import ComparedBits
from queuebit_problems.numeric import Index, Real, cp_coefficients, integers, number, number_below
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares, quadratic_shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Terms = tuple[tuple[Index, Index, Real], ...]


def _each_pair_once(terms: Terms, info: ValidationInfo) -> Terms:
    """Refuse places outside the matrix and repeated ones; else the normal form: i <= j, terms in order."""
    variables = info.data.get("variables")
    if variables is None:
        return terms
    raise_faults("qubo", _faults(terms, variables))
    return tuple(sorted((i, j, q) if i <= j else (j, i, q) for i, j, q in terms))


def _faults(terms: Terms, variables: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[tuple[int, int]]()
    for place, (i, j, _) in enumerate(terms):
        pair = (i, j) if i <= j else (j, i)
        if i >= variables or j >= variables:
            yield (place, 0 if i >= variables else 1), "variable", f"should be a variable from 0 to {variables - 1}"
        elif pair in seen:
            yield (
                (place,),
                "duplicate",
                f"repeats the pair {pair[0]}, {pair[1]}; list each pair once, both halves added",
            )
        seen.add(pair)


class QuboStatement(Statement):
    """Minimise E(x) = offset + sum of q x_i x_j over the terms [i, j, q], x in {0,1}^n. Variables count from 0.

    Each listed term counts once, as written: [0, 1, 3] adds 3 when both bits are 1, and [0, 0, 3] adds 3 when x_0 is 1. Of a
    symmetric matrix, list each pair once with both halves added. (Biq Mac files mean x'Qx, where an off-diagonal entry counts
    twice; the reader doubles it.)

    An Ising statement is taken too and becomes this one exactly: {"spins": n, "h": [[i, h_i] …], "J": [[i, j, J_ij] …],
    "offset": c}, spins from 0, each pair once; "h" may also be a list of n numbers. E(s) = c + sum of h_i s_i + sum of
    J_ij s_i s_j is minimised over s in {-1,+1}^n, with x_i = (1 - s_i) / 2: in the answer, 1 is the spin -1 and 0 the spin +1.

    Instead of "terms" there may be "rows": for each variable i, from 0 on, the list [j, q, j, q …] of its terms. The normal
    form of many terms is written so.
    """

    model_config = ConfigDict(json_schema_extra=stated_either_way)

    variables: Annotated[
        int, Strict(), Field(ge=1, le=VARIABLES_STATED_MAX, description="How many variables; they count from 0.")
    ]
    terms: Annotated[
        Terms,
        AfterValidator(_each_pair_once),
        Field(
            max_length=TERMS_MAX,
            description="Terms [i, j, q]: each adds q x_i x_j once; [i, i, q] is linear. Each pair at most once.",
        ),
    ]
    offset: Annotated[Real, Field(description="A constant added to every energy.")] = 0

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or "rows" not in data:
            return data
        if "terms" in data:
            raise_faults("qubo", [(("rows",), "surplus", "should be left out where terms are stated")])
        rest = {key: value for key, value in data.items() if key != "rows"}
        return {**rest, "terms": terms_of(data["rows"], data.get("variables"))}

    @model_serializer(mode="wrap")
    def _compact(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        if len(self.terms) < ROWS_TERMS_MIN:
            written: dict[str, Any] = plain(self)
            return written
        return {"variables": self.variables, "rows": rows_of(self.terms), "offset": self.offset}

    @cached_property
    def scaled(self) -> tuple[list[int], int]:
        """The coefficients of the terms, then the offset, as integers, and their common denominator."""
        return integers([*(q for _, _, q in self.terms), self.offset])

    @cached_property
    def form(self) -> Quadratic:
        """The energy as a quadratic form."""
        values, denominator = self.scaled
        linear = [0] * self.variables
        neighbours: list[list[tuple[int, int]]] = [[] for _ in range(self.variables)]
        for (i, j, _), q in zip(self.terms, values, strict=False):
            if i == j:
                linear[i] += q
            else:
                neighbours[i].append((j, q))
                neighbours[j].append((i, q))
        return Quadratic(self.variables, linear, neighbours, values[-1], denominator)


class QuboKind(ComparedBits, Optimisation[QuboStatement]):
    name = "qubo"
    admission_is_linear = True
    title = "Quadratic unconstrained binary optimisation, and Ising models"
    sense = "min"
    answer_shape = '{"x": [0|1 of each variable]}; of an Ising model, 1 is the spin -1 and 0 the spin +1'
    formats = (
        "Biq Mac sparse: `n entries`, then `i j q`, variables from 1, for x'Qx: off-diagonal entries count twice",
        "OR-Library bqp: `problems`, then the same for each; a maximum is meant there, so every sign is turned",
        "X.ising: `spins couplings`, then `i j J`, spins from 1, `i i h` for a field: the sum of J s_i s_j is minimised",
        "qbsolv .qubo: `p qubo 0 variables linear quadratic`, then `i j q`, variables from 0, each counted once",
        "COO of dimod: `# vartype=SPIN` or BINARY, then `i j q`, variables from 0, each counted once",
        "JSON: an Ising statement, bqpjson, or what dimod's to_serializable() writes of a model of bits or spins",
    )
    suffixes = (".sparse", ".ising", ".qubo", ".coo")
    params = {"problem": PROBLEM_PARAM, "vartype": "BINARY or SPIN, where a list of coordinates does not say it"}
    statement = QuboStatement

    def parse(self, data: Mapping[str, Any]) -> QuboStatement:
        """Check a statement over bits, or over spins, which becomes one over bits. Raises InvalidStatement."""
        data = self.stated(data)
        if "spins" not in data:
            return super().parse(data)
        try:
            stated = IsingStatement.model_validate(data).as_qubo()
        except ValidationError as error:
            raise self.refusal(error) from None
        return super().parse(stated)

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        """An Ising statement alone, or a model of dimod."""
        del params
        if document.keys() >= {"spins", "J"}:
            return document
        return statement_of_bqm(document) or statement_of_bqpjson(document)

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> QuboStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Qubo reads {'; or '.join(self.formats)}.")
        if is_qbsolv(text):
            return self.parse(read_qbsolv(rows))
        if is_coordinates(text, file_name):
            return self.parse(read_coordinates(text, rows, params))
        header = rows.take("`n entries`")
        if shape_of(text).widths[:2] == [1, 2]:
            count = rows.integer(header, header.tokens[0], "the number of problems", 1, 1_000)
            return self.parse(read_problems(rows, count, chosen_problem(rows, header, count, params)))
        if file_name.lower().endswith(".ising"):
            return self.parse(read_spins(rows, header))
        return self.parse(read_entries(rows, header))

    def recognises(self, text: str) -> bool:
        if is_qbsolv(text) or is_coordinates(text, ""):
            return True
        shape = shape_of(text)
        if shape.widths[:2] == [1, 2]:
            return adds_up(shape, 2, lambda head: 3 * head[1])
        return (
            len(shape.counts) == 2
            and shape.counts[0] is not None
            and shape.counts[1] == len(shape.lines) - 1
            and shape.later <= {3}
        )

    def size(self, statement: QuboStatement) -> Size:
        return Size(statement.variables, statement.variables, len(statement.terms))

    def answer_errors(self, statement: QuboStatement, answer: Answer) -> list[FieldError]:
        return bits_errors(answer, "x", statement.variables)

    def objective(self, statement: QuboStatement, answer: Answer) -> Number:
        x, (values, denominator) = answer["x"], statement.scaled
        energy = values[-1] + sum(q for (i, j, _), q in zip(statement.terms, values, strict=False) if x[i] and x[j])
        return energy if denominator == 1 else number(Fraction(energy, denominator))

    def violations(self, statement: QuboStatement, answer: Answer) -> list[Violation]:
        """None: every bit string is an answer."""
        del statement, answer
        return []

    def shares(self, statement: QuboStatement, answer: Answer) -> Shares:
        """The offset, and what linear and quadratic terms add."""
        return quadratic_shares(statement.terms, *statement.scaled, answer["x"])

    def solution(self, statement: QuboStatement, text: str, *, file_name: str = "") -> Solution | None:
        del file_name
        return read_bits(text, "x", statement.variables)

    def encoding(self, statement: QuboStatement) -> Encoding:
        """The statement itself."""
        builder = QuboBuilder(statement.variables, exact(statement.offset))
        for i, j, q in statement.terms:
            builder.add(i, j, exact(q))
        return Encoding(builder.build(), lambda bits: {"x": list(bits)}, lambda answer: list(answer["x"]))

    def cp_model(self, statement: QuboStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean a variable and a Boolean a pair, y = x_i and x_j, with only the side that its sign needs."""
        values, denominator = statement.scaled
        coefficients = cp_coefficients(values, denominator)
        bits = [model.new_bool_var(f"x{i}") for i in range(statement.variables)]
        products: list[tuple[Any, int, int]] = []
        objective: list[Any] = [coefficients.coefficients[-1]]
        for (i, j, _), q in zip(statement.terms, coefficients.coefficients, strict=False):
            if i == j:
                objective.append(q * bits[i])
            elif q:
                both = model.new_bool_var(f"x{i}_{j}")
                if q > 0:
                    model.add_bool_or(~bits[i], ~bits[j], both)
                else:
                    model.add_implication(both, bits[i])
                    model.add_implication(both, bits[j])
                products.append((both, i, j))
                objective.append(q * both)
        model.minimize(sum(objective))

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            x = answer["x"]
            return [*zip(bits, x, strict=True), *((both, x[i] & x[j]) for both, i, j in products)]

        return CpReading(
            answer=lambda value: {"x": [int(value(bit)) for bit in bits]},
            scale=coefficients.scale,
            hint=hint,
            error=coefficients.error,
        )

    def heuristic(self, statement: QuboStatement, seed: int) -> Answer | None:
        return {"x": search(statement.form, [0] * statement.variables, seed)}

    def improve(self, statement: QuboStatement, answer: Answer) -> Answer:
        return {"x": descend(statement.form, answer["x"])}

    def default_answer(self, statement: QuboStatement) -> Answer | None:
        """Variable by variable in the given order, each set to 1 only where that lowers the energy so far."""
        return {"x": greedy(statement.form, range(statement.variables))}

    def trivial_bound(self, statement: QuboStatement) -> Number:
        """The offset and all negative terms."""
        values, denominator = statement.scaled
        return number_below(Fraction(values[-1] + sum(q for q in values[:-1] if q < 0), denominator))

    def enumerated(self, statement: QuboStatement) -> Enumerated | None:
        """Up to 24 variables."""
        if statement.variables > VARIABLES_MAX:
            return None
        found = minimum_of(statement.form)
        return Enumerated({"x": found.bits}, number(found.energy), found.count)

    def example(self) -> QuboStatement:
        """Three bits that each like to be 1, where neighbours do not like it together; the least energy is -2, at 1 0 1."""
        terms = ((0, 0, -1), (0, 1, 2), (1, 1, -1), (1, 2, 2), (2, 2, -1))
        return QuboStatement(variables=3, terms=terms)


KIND = QuboKind()
