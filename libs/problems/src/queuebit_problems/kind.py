"""What a problem kind is: one module, one class, everything that Queuebit must know to answer and to check.

Indices are those of the field's own file. An answer is a JSON object whose shape the kind documents in `answer_shape`.
Nothing here may import a quantum SDK or OR-Tools.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar, overload

from pydantic import ValidationError

from queuebit_contracts.errors import FieldError, field_errors
from queuebit_contracts.jobs import Number, ParamValue, Sense
from queuebit_contracts.model import StrictModel
from queuebit_contracts.sealed import SEAL, Redacted
from queuebit_contracts.statement_text import statement_of
from queuebit_problems.errors import InvalidStatement

Answer = dict[str, Any]
Params = Mapping[str, ParamValue]
Family = Literal["optimisation", "measurement"]


class Statement(StrictModel):
    """The base of every problem statement: frozen, unknown fields refused, NaN and infinities refused."""


S = TypeVar("S", bound=Statement)


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint that an answer breaks, in the words of the field. `amount` is by how much, where that means something."""

    code: str
    detail: str
    amount: Number | None = None


class Size(NamedTuple):
    """How large a problem is: decision variables, qubits of its QUBO, and terms (edges, items, operations)."""

    variables: int
    qubits: int
    terms: int


@dataclass(frozen=True, slots=True)
class Solution:
    """An answer as a file states it, and the objective that the file claims for it, None where it claims none."""

    answer: Answer
    claimed: Number | None = None


class Kind(ABC, Generic[S]):
    """A problem kind: what all have in common, whether they ask for a best answer (`Optimisation`) or for a measurement
    (`Measurement`). Stateless; every method is pure: what is random takes a seed.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str]
    family: ClassVar[Family]
    sense: ClassVar[Sense | None]
    """Which objective is better; None where answers have no objective."""
    answer_shape: ClassVar[str]
    formats: ClassVar[tuple[str, ...]]
    """The file formats that `read` understands, in a few words each."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """File name endings that belong to this kind alone, lower case, with the dot."""
    bare: ClassVar[bool] = False
    """Whether its files are numbers alone, as many questions write them: such a file is always asked about."""
    params: ClassVar[Mapping[str, str]] = {}
    """The job parameters that the kind understands, with their meaning."""
    admission_is_linear: ClassVar[bool] = False
    """Whether what `admission.admit` does to a statement (parse, normal form, size) surely takes time about proportional to its
    bytes. False where it runs a program, as that of a circuit, or where nobody has shown it: that belongs where it can be
    stopped.
    """

    statement: type[S]

    def parse(self, data: Mapping[str, Any]) -> S:
        """Check a statement. Raises InvalidStatement, naming each wrong field."""
        try:
            return self.statement.model_validate(self.stated(data))
        except ValidationError as error:
            raise self.refusal(error) from None

    def stated(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a statement says, also where it came as text. Raises InvalidStatement where that cannot be read,
        Redacted where it is sealed: whoever works on it opens it first.
        """
        try:
            found = statement_of(data)
        except ValueError as error:
            raise InvalidStatement(
                f"The {self.name} statement cannot be read: {error}.",
                remedy="Send a JSON object in UTF-8.",
                fields=(FieldError("/problem/statement", "unreadable", "is no JSON object that can be read"),),
            ) from None
        if SEAL in found:
            raise Redacted
        return found

    def refusal(self, error: ValidationError) -> InvalidStatement:
        """The error to raise about a statement that does not hold together."""
        fields = field_errors(error, prefix="/problem/statement")
        return InvalidStatement(
            f"The {self.name} statement is not valid: {'; '.join(str(item) for item in fields)}",
            remedy=f"Correct the named fields; `queuebit kinds show {self.name}` prints the schema.",
            fields=fields,
        )

    @abstractmethod
    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> S:
        """Read one of the field's own file formats. Raises UnreadableFile with the line, what is wrong and the remedy."""

    def companion(self, file_name: str) -> str | None:
        """The name of a second file of the same folder that this one is incomplete without; None where there is none.

        Its text is read after that of the first, as if it followed in the same file.
        """
        del file_name
        return None

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        """The statement that a JSON document of the field states; None where its form is not one of the field's.

        Raises UnreadableFile, naming the field of the document, where the form is known but what it holds is wrong.
        """
        del document, params
        return None

    def recognises(self, text: str) -> bool:
        """Whether the text has the form of one of the kind's formats, as far as a glance can tell; other kinds may share it."""
        del text
        return False

    @abstractmethod
    def size(self, statement: S) -> Size: ...

    def assumptions(self, statement: S) -> tuple[str, ...]:
        """What a reader of the answer may take otherwise, and then find another objective: told with every answer."""
        del statement
        return ()

    def as_stated(self, statement: S) -> Kind[S]:
        """The kind as this statement means it: another of the same name where the statement itself says which is better."""
        del statement
        return self

    def variant(self, file_name: str, params: Params | None) -> str:
        """The kind that a file is of when it is read as this one: another where a param or the file's name says so."""
        del file_name, params
        return self.name

    @abstractmethod
    def answer_errors(self, statement: S, answer: Answer) -> list[FieldError]:
        """What makes the answer unreadable (missing key, wrong length, a value outside its range); [] when readable."""

    @abstractmethod
    def example(self) -> S:
        """A small instance that people can read."""


@overload
def tighter(left: Number, right: Number, sense: Sense) -> Number: ...
@overload
def tighter(left: Number | None, right: Number | None, sense: Sense) -> Number | None: ...
def tighter(left: Number | None, right: Number | None, sense: Sense) -> Number | None:
    """The stronger of two valid bounds, where there are two: the lower upper bound for max, the higher lower bound for min."""
    if left is None or right is None:
        return right if left is None else left
    return min(left, right) if sense == "max" else max(left, right)


def gap_of(objective: Number, bound: Number) -> float:
    """The relative gap |objective - bound| / |objective|, as MIP solvers state it; 1 where only the objective is 0."""
    difference = abs(objective - bound)
    if difference == 0:
        return 0.0
    return float(difference / abs(objective)) if objective else 1.0
