"""What a problem kind is: one module, one class, everything that Queuebit must know to answer and to check.

Indices are those of the field's own file. An answer is a JSON object whose shape the kind documents in `answer_shape`.
Nothing here may import a quantum SDK or OR-Tools; `cp_model` receives the model to fill from the classical solver.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import ValidationError

from queuebit_contracts.errors import FieldError, field_errors
from queuebit_contracts.jobs import Number, ParamValue
from queuebit_contracts.model import StrictModel
from queuebit_problems.enumerate import Enumerated
from queuebit_problems.errors import InvalidStatement
from queuebit_problems.numeric import number_above, number_below
from queuebit_problems.qubo import Qubo, exact

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Answer = dict[str, Any]
Params = Mapping[str, ParamValue]


class Statement(StrictModel):
    """The base of every problem statement: frozen, unknown fields refused, NaN and infinities refused."""


S = TypeVar("S", bound=Statement)


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint that an answer breaks, in the words of the field. `amount` is by how much, where that means something."""

    code: str
    detail: str
    amount: Number | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How large a problem is: decision variables, qubits of its QUBO, and terms (edges, items, operations)."""

    variables: int
    qubits: int
    terms: int


@dataclass(frozen=True, slots=True)
class Encoding:
    """A problem as a QUBO. `decode` turns bits into an answer, perhaps infeasible; `encode` inverts it where feasible."""

    qubo: Qubo
    decode: Callable[[Sequence[int]], Answer]
    encode: Callable[[Answer], list[int]]


@dataclass(frozen=True, slots=True)
class CpReading:
    """How to read a filled CP-SAT model: `answer` from a value function, `objective` scale (model value * scale = objective;
    model values are integers), and `hint`, which lists (variable, value) pairs that suggest an answer.

    `error` is 0 where the model states the problem exactly. Numbers with more digits than CP-SAT takes are rounded: then the
    objective of any answer may differ from the model's by up to `error`, and OPTIMAL proves the optimum only to within it.
    It is infinite where constraints were rounded (to the safe side: answers stay feasible); the model then gives no bound.
    """

    answer: Callable[[Callable[[Any], int]], Answer]
    scale: Number
    hint: Callable[[Answer], list[tuple[Any, int]]]
    error: Number = 0

    def bound(self, model_bound: float, sense: Literal["min", "max"]) -> Number | None:
        """The bound on the objective that the model's bound proves, rounded to the safe side; None where it proves none."""
        if not (math.isfinite(model_bound) and math.isfinite(self.error)):
            return None
        if sense == "max":
            return number_above(math.ceil(model_bound - 1e-6) * exact(self.scale) + exact(self.error))
        return number_below(math.floor(model_bound + 1e-6) * exact(self.scale) - exact(self.error))


class Kind(ABC, Generic[S]):
    """A problem kind. Stateless; every method is pure: what is random takes a seed."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str]
    sense: ClassVar[Literal["min", "max"]]
    answer_shape: ClassVar[str]
    formats: ClassVar[tuple[str, ...]]
    """The file formats that `read` understands, in a few words each."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """File name endings that belong to this kind alone, lower case, with the dot."""
    params: ClassVar[Mapping[str, str]] = {}
    """The job parameters that the kind understands, with their meaning."""

    statement: type[S]

    def parse(self, data: Mapping[str, Any]) -> S:
        """Check a statement. Raises InvalidStatement, naming each wrong field."""
        try:
            return self.statement.model_validate(data)
        except ValidationError as error:
            fields = field_errors(error, prefix="/problem/statement")
            raise InvalidStatement(
                f"The {self.name} statement is not valid: {'; '.join(str(item) for item in fields)}",
                remedy=f"Correct the named fields; `queuebit kinds show {self.name}` prints the schema.",
                fields=fields,
            ) from None

    @abstractmethod
    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> S:
        """Read one of the field's own file formats. Raises UnreadableFile with the line, what is wrong and the remedy."""

    def companion(self, file_name: str) -> str | None:
        """The name of a second file of the same folder that this one is incomplete without; None where there is none.

        Its text is read after that of the first, as if it followed in the same file.
        """
        del file_name
        return None

    def from_document(self, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The statement that a JSON document of the field states; None where its form is not one of the field's."""
        del document
        return None

    def recognises(self, text: str) -> bool:
        """Whether the text has the form of one of the kind's formats, as far as a glance can tell; other kinds may share it."""
        del text
        return False

    @abstractmethod
    def size(self, statement: S) -> Size: ...

    @abstractmethod
    def answer_errors(self, statement: S, answer: Answer) -> list[FieldError]:
        """What makes the answer unreadable (missing key, wrong length, a value outside its range); [] when readable."""

    @abstractmethod
    def objective(self, statement: S, answer: Answer) -> Number:
        """The objective of a readable answer, recomputed from the statement in exact arithmetic, feasible or not."""

    @abstractmethod
    def violations(self, statement: S, answer: Answer) -> list[Violation]:
        """The constraints that a readable answer breaks; [] when feasible."""

    @abstractmethod
    def encoding(self, statement: S) -> Encoding:
        """The QUBO whose minima are the optimal answers. For sense max, energy = -objective on feasible answers."""

    @abstractmethod
    def cp_model(self, statement: S, model: cp_model.CpModel) -> CpReading:
        """Fill a CP-SAT model with the native formulation."""

    @abstractmethod
    def heuristic(self, statement: S, seed: int) -> Answer | None:
        """A quick feasible answer (greedy plus local search), or None where none was found."""

    @abstractmethod
    def improve(self, statement: S, answer: Answer) -> Answer:
        """Repair an infeasible answer where possible, then polish by local search; never worse than a feasible input."""

    @abstractmethod
    def default_answer(self, statement: S) -> Answer | None:
        """The conservative answer that needs no search, as a careful clerk would give it; None where none is feasible."""

    @abstractmethod
    def trivial_bound(self, statement: S) -> Number:
        """A valid bound on the optimum that needs no search (upper for max, lower for min)."""

    def enumerated(self, statement: S) -> Enumerated | None:
        """The optimum, proved by going through all answers; None where the kind or the size does not allow it."""
        del statement
        return None

    @abstractmethod
    def example(self) -> S:
        """A small instance that people can read."""

    def better(self, left: Number, right: Number) -> bool:
        """Whether objective `left` is strictly better than `right`."""
        return left > right if self.sense == "max" else left < right


def gap_of(objective: Number, bound: Number) -> float:
    """The relative gap |objective - bound| / |objective|, as MIP solvers state it; 1 where only the objective is 0."""
    difference = abs(objective - bound)
    if difference == 0:
        return 0.0
    return float(difference / abs(objective)) if objective else 1.0
