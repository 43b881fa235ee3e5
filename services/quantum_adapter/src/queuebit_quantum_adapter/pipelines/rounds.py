"""Problems that no circuit holds: cores are cut around the best answer known, solved by circuits, lifted and polished.

All variables but those of a core are clamped to the answer; what that decides (roof duality) is fixed, and what is left is
sampled. A core begins at the variable or group that the answer holds most loosely and grows along the strongest couplings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Encoding, Group
from queuebit_quantum_adapter.algorithms.reduction import Reduced, reduce
from queuebit_quantum_adapter.algorithms.roof_duality import Form, fix_persistent
from queuebit_quantum_adapter.pipelines.samples import Bits, Candidate, Question, derived_seed

Unit = tuple[int, ...]
UNITS_MAX = 96
SIZES_MAX = 32
"""How many variables or groups a core is chosen from, and how many sizes are tried."""


@dataclass(frozen=True, slots=True)
class Start:
    """The classical answer to cut around, feasible where one was found, and its bits."""

    best: Candidate | None
    bits: Bits


def classical_start(question: Question, seed: int) -> Start:
    """The quick answer of the kind, else its default, else what repair makes of nothing."""
    kind, statement, encoding = question.kind, question.statement, question.encoding
    empty = tuple([0] * encoding.qubo.n)
    answers: tuple[Callable[[], Answer | None], ...] = (
        lambda: kind.heuristic(statement, derived_seed(seed, "start")),
        lambda: kind.default_answer(statement),
        lambda: kind.improve(statement, encoding.decode(empty)),
    )
    for answer_of in answers:
        answer = answer_of()
        best = None if answer is None else question.candidate(answer)
        if best is not None:
            return Start(best, tuple(encoding.encode(best.answer)))
    return Start(None, empty)


class Cutter:
    """Cuts cores out of one problem. No core begins where an earlier one began."""

    def __init__(self, encoding: Encoding, form: Form, groups: Sequence[Group], core_max: int) -> None:
        self._encoding = encoding
        self._form = form
        self._groups = tuple(groups)
        self._core_max = core_max
        self._units = _units(encoding.qubo.n, groups, core_max)
        self._begun: set[Unit] = set()

    def cut(self, bits: Bits) -> Reduced | None:
        """A core around an answer, or None where every beginning was tried."""
        gains = _gains(self._form, bits)
        loose = {unit: self._looseness(unit, bits, gains) for unit in self._units}
        first = min((u for u in self._units if u not in self._begun), key=lambda u: (loose[u], u), default=None)
        if first is None:
            return None
        self._begun.add(first)
        order = list(self._grown(first, loose))
        step = max(1, -(-len(order) // SIZES_MAX))
        sizes = ((self._open(order[:size], bits), size) for size in range(1, len(order) + 1, step))
        _, size = max((found for found in sizes if found[0] <= self._core_max), default=(0, 1))
        return self._reduced(order[:size], bits)

    def _reduced(self, units: Sequence[Unit], bits: Bits) -> Reduced:
        chosen = {i for unit in units for i in unit}
        found = self._decided(chosen, bits)
        given = {i: bit for i, bit in enumerate(bits) if i not in chosen} | found
        return reduce(self._encoding, groups=self._groups, prefilter=False, clamped=given)

    def _open(self, units: Sequence[Unit], bits: Bits) -> int:
        chosen = {i for unit in units for i in unit}
        return len(chosen) - len(self._decided(chosen, bits))

    def _decided(self, chosen: set[int], bits: Bits) -> dict[int, int]:
        """What clamping the others decides."""
        rows = {i: {k: value for k, value in self._form.rows[i].items() if k in chosen} for i in chosen}
        linear = {
            i: self._form.linear[i]
            + sum(value for k, value in self._form.rows[i].items() if bits[k] and k not in chosen)
            for i in chosen
        }
        return fix_persistent(Form(linear, rows))

    def _looseness(self, unit: Unit, bits: Bits, gains: Sequence[int]) -> int:
        """What the cheapest move inside the unit would cost: a flip, or an exchange in a group."""
        if len(unit) == 1:
            return gains[unit[0]]
        ones, zeros = [i for i in unit if bits[i]], [i for i in unit if not bits[i]]
        costs = (gains[i] + gains[k] - self._form.rows[i].get(k, 0) for i in ones for k in zeros)
        return min(costs, default=min(gains[i] for i in unit))

    def _grown(self, first: Unit, loose: Mapping[Unit, int]) -> Iterator[Unit]:
        """The units from the first one on, neighbours before others, loose ones before firm ones; UNITS_MAX at most."""
        unit_of = {i: unit for unit in self._units for i in unit}
        open_, seen = deque([first]), {first}
        rest = iter(sorted(self._units, key=lambda unit: (loose[unit], unit)))
        for _ in range(min(UNITS_MAX, len(self._units))):
            if not open_:
                other = next(unit for unit in rest if unit not in seen)
                open_.append(other)
                seen.add(other)
            unit = open_.popleft()
            yield unit
            near = {unit_of[k] for i in unit for k in self._form.rows[i]} - seen
            open_.extend(sorted(near, key=lambda each: (loose[each], each)))
            seen |= near


def _units(n: int, groups: Sequence[Group], core_max: int) -> list[Unit]:
    """Groups that fit a core as one, all other variables alone."""
    units = [group.variables for group in groups if len(group.variables) <= core_max]
    taken = {i for unit in units for i in unit}
    return units + [(i,) for i in range(n) if i not in taken]


def _gains(form: Form, bits: Bits) -> list[int]:
    """What flipping each variable would add to the energy."""
    gains = []
    for i, bit in enumerate(bits):
        slope = form.linear[i] + sum(value for k, value in form.rows[i].items() if bits[k])
        gains.append(-slope if bit else slope)
    return gains
