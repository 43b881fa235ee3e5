"""Plans that give each of some things a label, where as few labels as possible are used: bins, colours."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from queuebit_problems.encoding.qubo import exact
from queuebit_problems.keeping.plans import K, Plans
from queuebit_problems.keeping.statement import Choice, Keep
from queuebit_problems.kind import Answer
from queuebit_problems.numeric import cp_coefficients
from queuebit_problems.optimisation import CpReading
from queuebit_problems.rows import NamedRows

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

THINGS_MAX = 500
"""A model has a variable for each thing and label."""


class Labels(Plans[K]):
    """The part of each thing is its label, by which two plans are compared as they are: labels are names, not numbers."""

    key: ClassVar[str]
    """Where an answer has the labels."""
    thing: ClassVar[str]
    first: ClassVar[int]
    """The number of the first thing."""

    @abstractmethod
    def count(self, statement: K) -> int:
        """How many things there are."""

    @abstractmethod
    def enough(self, statement: K) -> int:
        """So many labels suffice for all things."""

    def limit(self, statement: K) -> int | None:
        """The most labels that may be used; None where any number may."""
        del statement
        return None

    @abstractmethod
    def together(self, statement: K) -> Callable[[int, Iterable[int]], bool]:
        """Whether a thing may have the label that others have, each counted from 0."""

    @abstractmethod
    def constrain(self, statement: K, rows: Sequence[Sequence[Any]], model: cp_model.CpModel) -> bool:
        """State which things may have one label, by a Boolean for each thing and label; whether it was stated exactly."""

    @abstractmethod
    def constrain_pins(self, statement: K, label: int, bits: Mapping[int, int], found: NamedRows) -> None:
        """State which of these things may have this label, by their bits."""

    def parts(self, statement: K, answer: Answer) -> list[Choice]:
        count = self.count(statement)
        labels = answer[self.key][:count]
        return [(thing, label) for thing, label in enumerate(labels, self.first) if 0 <= label < count]

    def named(self, statement: K, part: Choice) -> str:
        del statement
        return f"{self.thing} {part[0]}={part[1]}"

    def nearest(self, statement: K, keep: Keep) -> Answer | None:
        """Each thing has its label where it still may, pinned ones first; the others the lowest that they may have."""
        count, together = self.count(statement), self.together(statement)
        members: list[list[int]] = [[] for _ in range(count)]
        found = dict[int, int]()
        for thing, label in ((number - self.first, label) for number, label in (*keep.pinned, *keep.before)):
            if thing not in found and together(thing, members[label]):
                found[thing] = label
                members[label].append(thing)
        labels = sorted(range(count), key=lambda label: not members[label])
        for thing in range(count):
            if thing not in found:
                found[thing] = next(label for label in labels if together(thing, members[label]))
                members[found[thing]].append(thing)
        return {self.key: [found[thing] for thing in range(count)]}

    def rows(self, statement: K, keep: Keep) -> NamedRows:
        """What is pinned and nothing else: all others find labels of their own."""
        found = NamedRows([(0, 1)] * len(keep.pinned), complete=self.limit(statement) is None)
        bits_of, columns = defaultdict[int, list[int]](list), defaultdict[int, dict[int, int]](dict)
        for bit, (thing, label) in enumerate(keep.pinned):
            bits_of[thing].append(bit)
            columns[label][thing - self.first] = bit
        for thing, bits in bits_of.items():
            found.add(f"one label for {self.thing} {thing}", [(bit, 1) for bit in bits], upper=1)
        for bit, pin in enumerate(keep.pinned):
            found.add(f"{self.named(statement, pin)} is pinned", [(bit, 1)], lower=1)
        for label, mine in sorted(columns.items()):
            self.constrain_pins(statement, label, mine, found)
        return found

    def model(self, statement: K, keep: Keep, model: cp_model.CpModel) -> CpReading:
        """The labels of the earlier plan, and as many others as suffice for all: these are used in their order."""
        count = self.count(statement)
        old = sorted({label for _, label in (*keep.before, *keep.pinned)})
        others = [label for label in range(count) if label not in set(old)][: self.enough(statement)]
        place = {label: at for at, label in enumerate([*old, *others])}
        rows = [[model.new_bool_var(f"{self.thing}{thing}_{label}") for label in place] for thing in range(count)]
        used = [model.new_bool_var(f"used{label}") for label in place]
        for row in rows:
            model.add_exactly_one(row)
            for bit, label_used in zip(row, used, strict=True):
                model.add_implication(bit, label_used)
        for left, right in pairwise(used[len(old) :]):
            model.add_implication(right, left)
        for number, label in keep.pinned:
            model.add(rows[number - self.first][place[label]] == 1)
        is_exact, limit = self.constrain(statement, rows, model), self.limit(statement)
        if limit is not None:
            model.add(sum(used) <= limit)
        kept = [rows[number - self.first][place[label]] for number, label in keep.before]
        cost = Fraction(exact(keep.change_cost))
        scaled = cp_coefficients([cost.denominator, cost.numerator], cost.denominator, reach=[len(place), count])
        each, change = scaled.coefficients
        model.minimize(each * sum(used) + change * (count - sum(kept)))
        names = list(place)

        def read(value: Any) -> Answer:
            return {self.key: [next(names[at] for at, bit in enumerate(row) if value(bit)) for row in rows]}

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            new = dict.fromkeys(label for label in answer[self.key] if label not in place or place[label] >= len(old))
            renamed = dict(zip(new, others, strict=False))
            if len(new) > len(others):
                return []
            mine = [place[renamed.get(label, label)] for label in answer[self.key]]
            chosen = set(mine)
            pairs = [(bit, int(at == mine[thing])) for thing, row in enumerate(rows) for at, bit in enumerate(row)]
            return [*pairs, *((bit, int(at in chosen)) for at, bit in enumerate(used))]

        return CpReading(answer=read, scale=scaled.scale, hint=hint, error=scaled.error if is_exact else float("inf"))
