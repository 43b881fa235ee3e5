"""How a kind keeps its plans to earlier ones, and the kind that a statement with an earlier plan makes of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.keeping.statement import Choice, Keep, KeepingStatement
from queuebit_problems.kind import Answer, Params, Size, Violation
from queuebit_problems.numeric import number
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Part, Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

K = TypeVar("K", bound=KeepingStatement)

QUBITS_NONE = 10**6
"""There is no QUBO of a kept plan: it has more qubits than anything."""


class Plans(ABC, Generic[K]):
    """What is to be known of a kind so that its plans can be kept."""

    in_amounts: ClassVar[bool] = False
    """Whether what changes cost is among the amounts of which the plain kind makes its objective."""

    @abstractmethod
    def parts(self, statement: K, answer: Answer) -> list[Choice]:
        """The parts of an answer that the statement knows; the answer may be to an earlier one."""

    @abstractmethod
    def named(self, statement: K, part: Choice) -> str:
        """A part in words, its numbers in their order and no others."""

    @abstractmethod
    def model(self, statement: K, keep: Keep, model: cp_model.CpModel) -> CpReading:
        """Fill a model whose objective has the cost of changes in it, and whose answers have what is pinned."""

    @abstractmethod
    def rows(self, statement: K, keep: Keep) -> NamedRows | None:
        """What every feasible answer keeps of what is pinned; None where nothing is stated so."""

    @abstractmethod
    def nearest(self, statement: K, keep: Keep) -> Answer | None:
        """The earlier plan, mended where that is easy. Whoever asks checks it."""


class Keeping(Optimisation[K]):
    """A kind whose statements may carry an earlier plan."""

    plans: ClassVar[Plans[Any]]

    def as_stated(self, statement: K) -> Optimisation[K]:
        return self if statement.plain else _kept(self)

    def parts(self, statement: K, answer: Answer) -> list[str] | None:
        return [self.plans.named(statement, part) for part in self.plans.parts(statement, answer)]

    def pinned(self, statement: K, parts: Sequence[str]) -> K:
        """Beside what is pinned already."""
        keep = statement.keep or Keep()
        pins = (*keep.pinned, *_choices(parts))
        return statement.model_copy(update={"keep": keep.model_copy(update={"pinned": pins})})

    def with_change_cost(self, statement: K, parts: frozenset[str], cost: Number) -> K:
        """Instead of what changes from a plan before that cost. Whoever asks checks the statement."""
        pins = () if statement.keep is None else statement.keep.pinned
        keep = Keep.model_construct(before=_choices(parts), pinned=pins, change_cost=cost)
        return statement.model_copy(update={"keep": keep})


def _choices(parts: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(sorted(tuple(map(int, re.findall(r"\d+", part))) for part in parts))


class _Kept(Optimisation[KeepingStatement]):
    """The kind of statements that carry an earlier plan. Its objective is that of the plain one, and the cost of changes."""

    plain: ClassVar[Keeping[Any]]
    known_by_name = False

    def as_stated(self, statement: KeepingStatement) -> Optimisation[KeepingStatement]:
        return self.plain.as_stated(statement)

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> Any:
        return self.plain.read(text, file_name=file_name, params=params)

    def example(self) -> Any:
        return self.plain.example()

    def size(self, statement: KeepingStatement) -> Size:
        return self.plain.size(statement)._replace(qubits=QUBITS_NONE)

    def assumptions(self, statement: KeepingStatement) -> tuple[str, ...]:
        keep = statement.keep
        if keep is None:
            return self.plain.assumptions(statement)
        pins = f"{len(keep.pinned)} parts of an earlier plan are pinned"
        cost = f", and each part that it had not costs {keep.change_cost} of the objective" if keep.change_cost else ""
        return (*self.plain.assumptions(statement), f"{pins}{cost}.")

    def answer_errors(self, statement: KeepingStatement, answer: Answer) -> list[FieldError]:
        return self.plain.answer_errors(statement, answer)

    def objective(self, statement: KeepingStatement, answer: Answer) -> Number:
        plain = self.plain.objective(statement, answer)
        if self.plain.plans.in_amounts:
            return plain
        changes = exact(_of(statement).change_cost) * len(self._new(statement, answer))
        sign = -1 if self.sense == "max" else 1
        return number(Fraction(exact(plain)) + sign * changes)

    def violations(self, statement: KeepingStatement, answer: Answer) -> list[Violation]:
        has = set(self.plain.plans.parts(statement, answer))
        gone = (self.plain.plans.named(statement, part) for part in _of(statement).pinned if part not in has)
        pins = [Violation("not_kept", f"{part} is pinned, and the answer has it otherwise") for part in gone]
        return [*self.plain.violations(statement, answer), *pins][:FAULTS_MAX]

    def named_rows(self, statement: KeepingStatement) -> NamedRows | None:
        return self.plain.plans.rows(statement, _of(statement)) or self.plain.named_rows(statement)

    def shares(self, statement: KeepingStatement, answer: Answer) -> Shares | None:
        """Those of the plain kind, and what each change costs."""
        found = self.plain.shares(statement, answer)
        if found is None or self.plain.plans.in_amounts:
            return found
        new, cost = self._new(statement, answer), Fraction(exact(_of(statement).change_cost))
        amounts = [(-1 if self.sense == "max" else 1) * cost.numerator] * len(new)
        changes = Part(
            "changes", amounts, cost.denominator, lambda place: self.plain.plans.named(statement, new[place])
        )
        return Shares([*found.parts, changes], found.rooms)

    def parts(self, statement: KeepingStatement, answer: Answer) -> list[str] | None:
        return self.plain.parts(statement, answer)

    def pinned(self, statement: KeepingStatement, parts: Sequence[str]) -> KeepingStatement:
        found: KeepingStatement = self.plain.pinned(statement, parts)
        return found

    def with_change_cost(self, statement: KeepingStatement, parts: frozenset[str], cost: Number) -> KeepingStatement:
        found: KeepingStatement = self.plain.with_change_cost(statement, parts, cost)
        return found

    def encoding(self, statement: KeepingStatement) -> Encoding:
        del statement
        raise TooManyQubits(
            f"Plans of {self.name} that are kept to earlier ones, or to deadlines, have no QUBO.",
            remedy="Use the classical lane, or leave `keep` and `deadlines` out of the statement.",
        )

    def cp_model(self, statement: KeepingStatement, model: cp_model.CpModel) -> CpReading:
        return self.plain.plans.model(statement, _of(statement), model)

    def heuristic(self, statement: KeepingStatement, seed: int) -> Answer | None:
        """The earlier plan mended, or a plan made anew: what is better, where any has what is pinned."""
        return self._best(
            statement, self.plain.plans.nearest(statement, _of(statement)), self.plain.heuristic(statement, seed)
        )

    def improve(self, statement: KeepingStatement, answer: Answer) -> Answer:
        """As it is where it is feasible; else the earlier plan mended, or the answer as the plain kind repairs it."""
        if not self.violations(statement, answer):
            return answer
        near = self.plain.plans.nearest(statement, _of(statement))
        return self._best(statement, near, self.plain.improve(statement, answer)) or answer

    def default_answer(self, statement: KeepingStatement) -> Answer | None:
        """The earlier plan mended, else what a careful clerk would do anew."""
        near = self.plain.plans.nearest(statement, _of(statement))
        return self._best(statement, near) or self._best(statement, self.plain.default_answer(statement))

    def trivial_bound(self, statement: KeepingStatement) -> Number:
        """That of the plain kind: changes make nothing better."""
        return self.plain.trivial_bound(statement)

    def _best(self, statement: KeepingStatement, *answers: Answer | None) -> Answer | None:
        fit = [each for each in answers if each is not None and not self.violations(statement, each)]
        return (max if self.sense == "max" else min)(
            fit, key=lambda each: self.objective(statement, each), default=None
        )

    def _new(self, statement: KeepingStatement, answer: Answer) -> list[Choice]:
        known = _of(statement).known
        return [part for part in self.plain.plans.parts(statement, answer) if part not in known]


@cache
def _kept(plain: Keeping[Any]) -> Optimisation[Any]:
    """The kind that statements with an earlier plan are of, made once for each plain one."""
    said = ("name", "version", "title", "sense", "answer_shape", "formats", "statement", "admission_is_linear")
    made = type(
        f"Kept{type(plain).__name__}", (_Kept,), {name: getattr(plain, name) for name in said} | {"plain": plain}
    )
    found: Optimisation[Any] = made()
    return found


def _of(statement: KeepingStatement) -> Keep:
    return statement.keep or Keep()
