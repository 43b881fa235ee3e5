"""What a kind of optimisation problem is: an objective, constraints, a QUBO, a native model, a heuristic and a default.

Nothing here may import a quantum SDK or OR-Tools; `cp_model` receives the model to fill from the classical solver.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number, Sense
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.qubo import Exact, Qubo, QuboBuilder, exact
from queuebit_problems.errors import NotReplanned
from queuebit_problems.kind import Answer, Family, Kind, S, Solution, Violation
from queuebit_problems.numeric import number_above, number_below
from queuebit_problems.rows import NamedRows
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


ENFORCED_SUM_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Group:
    """A constraint of a QUBO that a circuit can keep by itself: exactly `count` of the variables are 1 (1: one-hot).

    The QUBO holds it as the term penalty * (sum of the variables - count)^2, which is 0 wherever the constraint holds.
    """

    variables: tuple[int, ...]
    penalty: Exact
    count: int = 1


@dataclass(frozen=True, slots=True)
class Encoding:
    """A problem as a QUBO. `decode` turns bits into an answer, perhaps infeasible; `encode` inverts it where feasible.

    `groups` are constraints that every feasible answer keeps, in the order in which a circuit should rather keep them. They
    may share variables; a circuit keeps some that do not, and `without` gives the rest of the QUBO.
    """

    qubo: Qubo
    decode: Callable[[Sequence[int]], Answer]
    encode: Callable[[Answer], list[int]]
    groups: tuple[Group, ...] = ()

    def without(self, kept: Iterable[Group]) -> Qubo:
        """The QUBO without the penalties of these groups: the same energies wherever the groups hold."""
        builder = QuboBuilder(self.qubo.n, self.qubo.offset)
        for i, value in self.qubo.linear.items():
            builder.add_linear(i, value)
        for (i, k), value in self.qubo.quadratic.items():
            builder.add(i, k, value)
        for group in kept:
            builder.add_squared(dict.fromkeys(group.variables, 1), -group.count, -group.penalty)
        return builder.build()


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
    presolve: bool = True
    """False where the model sums more than ENFORCED_SUM_MAX under a condition: there the presolve of OR-Tools 9.15 can lose
    solutions (its issue 5293).
    """

    def bound(self, model_bound: float, sense: Sense) -> Number | None:
        """The bound on the objective that the model's bound proves, rounded to the safe side; None where it proves none."""
        if not (math.isfinite(model_bound) and math.isfinite(self.error)):
            return None
        # The model's bound is an integer, told as a float that may be some of its last digits off.
        noise = min(0.25, max(1e-6, 4 * math.ulp(model_bound)))
        if sense == "max":
            return number_above(math.ceil(model_bound - noise) * exact(self.scale) + exact(self.error))
        return number_below(math.floor(model_bound + noise) * exact(self.scale) - exact(self.error))


class Optimisation(Kind[S]):
    """A kind whose answers are better or worse by an objective, and feasible or not."""

    family: ClassVar[Family] = "optimisation"
    sense: ClassVar[Sense]
    known_by_name: ClassVar[bool] = True
    """Whether a search that knows the kind by its name knows all that this one asks."""

    def as_stated(self, statement: S) -> Optimisation[S]:
        del statement
        return self

    @abstractmethod
    def objective(self, statement: S, answer: Answer) -> Number:
        """The objective of a readable answer, recomputed from the statement in exact arithmetic, feasible or not."""

    @abstractmethod
    def violations(self, statement: S, answer: Answer) -> list[Violation]:
        """The constraints that a readable answer breaks; [] when feasible."""

    def named_rows(self, statement: S) -> NamedRows | None:
        """What every feasible answer keeps, where that is linear; None where nothing is stated so, or it would be too much."""
        del statement
        return None

    def shares(self, statement: S, answer: Answer) -> Shares | None:
        """What the objective of a readable answer is made of, and what constraints leave; None where the kind does not tell."""
        del statement, answer
        return None

    def parts(self, statement: S, answer: Answer) -> list[str] | None:
        """What a plan consists of, by which two are compared: as SUBJECT=VALUE where it is a choice for a subject. What the
        statement does not know is left out, for the answer may be to an earlier one. None where plans are not compared.
        """
        del statement, answer
        return None

    def pinned(self, statement: S, parts: Sequence[str]) -> S:
        """The statement of which every feasible answer has these parts. Raises NotReplanned where none can have them."""
        del statement, parts
        raise _not_compared(self.name)

    def with_change_cost(self, statement: S, parts: frozenset[str], cost: Number) -> S:
        """The statement whose objective is worse by `cost` for each part that an answer has beside these. Of every kind that
        has parts. Raises NotReplanned where this statement cannot say it.
        """
        del statement, parts, cost
        raise _not_compared(self.name)

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

    def enumerates(self, statement: S) -> bool:
        """Whether `enumerated` may serve the statement, told without going through anything."""
        del statement
        return type(self).enumerated is not Optimisation.enumerated

    def solution(self, statement: S, text: str, *, file_name: str = "") -> Solution | None:
        """The answer of a published solution file; None where the kind reads none. Raises UnreadableFile."""
        del statement, text, file_name
        return None

    def better(self, left: Number, right: Number) -> bool:
        """Whether objective `left` is strictly better than `right`."""
        return left > right if self.sense == "max" else left < right


def _not_compared(name: str) -> NotReplanned:
    return NotReplanned(
        f"Plans of {name} are not kept to earlier ones.",
        remedy="Ask for the plan anew, or state the problem as binary_program.",
        fields=(FieldError("/problem/kind", "not_replanned", "does not compare plans"),),
    )
