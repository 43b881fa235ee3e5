"""Number partitioning: two sides whose sums differ as little as possible."""

from __future__ import annotations

import heapq
import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import bits_errors, raise_faults
from queuebit_problems.encoding.enumeration import VARIABLES_MAX, Enumerated
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.divisions import read_sides
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.kinds.packing.bin_packing import is_surely_packing
from queuebit_problems.numeric import NonNegative, cp_coefficients, integers, number, number_below
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

NUMBERS_MAX = 10_000
QUBITS_MAX = 1_000
TABLE_BITS_MAX = 100_000_000
"""Up to here the table of all sums is kept, which solves the problem outright."""
SWAPS_MAX = 200_000


def _at_least_one(numbers: tuple[NonNegative, ...]) -> tuple[NonNegative, ...]:
    if not numbers:
        raise_faults("number_partitioning", [((), "length", "should have at least one number")])
    return numbers


class PartitionStatement(Statement):
    """Numbers, in order, none negative, taken as their decimals state them."""

    numbers: Annotated[
        tuple[NonNegative, ...],
        AfterValidator(_at_least_one),
        Field(max_length=NUMBERS_MAX, description="The numbers; not negative.", json_schema_extra={"minItems": 1}),
    ]

    @cached_property
    def scaled(self) -> tuple[list[int], int]:
        """The numbers as integers, and their common denominator."""
        return integers(self.numbers)


class NumberPartitioning(Optimisation[PartitionStatement]):
    name = "number_partitioning"
    admission_is_linear = True
    title = "Number partitioning, least difference"
    sense = "min"
    answer_shape = '{"side": [0|1 of each number]}'
    formats = ("one number a line",)
    suffixes = (".npp",)
    bare = True
    statement = PartitionStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> PartitionStatement:
        del params
        rows = Rows(text, file_name=file_name, remedy=f"Number partitioning reads {self.formats[0]}.")
        found: list[Number] = []
        for row in rows:
            if len(found) == NUMBERS_MAX:
                raise rows.error(row, f"there are more than {NUMBERS_MAX} numbers")
            found.append(rows.number(row, rows.columns(row, (1,), "a line")[0], "a number", 0))
        if not found:
            raise rows.error(None, "the file ends at once, where a number should follow")
        return PartitionStatement(numbers=tuple(found))

    def recognises(self, text: str) -> bool:
        shape = shape_of(text)
        return set(shape.widths) == {1} and shape.numeric and not is_surely_packing(text)

    def size(self, statement: PartitionStatement) -> Size:
        count = len(statement.numbers)
        return Size(count, count, count)

    def answer_errors(self, statement: PartitionStatement, answer: Answer) -> list[FieldError]:
        return bits_errors(answer, "side", len(statement.numbers))

    def objective(self, statement: PartitionStatement, answer: Answer) -> Number:
        """By how much the sums of the sides differ."""
        numbers, unit = statement.scaled
        return number(Fraction(abs(_difference(numbers, answer["side"])), unit))

    def violations(self, statement: PartitionStatement, answer: Answer) -> list[Violation]:
        """None: every division is a partition."""
        del statement, answer
        return []

    def shares(self, statement: PartitionStatement, answer: Answer) -> Shares:
        """What stands on the heavier side, less what stands on the other."""
        numbers, unit = statement.scaled
        sums = [sum(n for n, bit in zip(numbers, answer["side"], strict=True) if bit == side) for side in (0, 1)]
        heavy = sums.index(max(sums))
        return one_part("sides", [sums[heavy], -sums[1 - heavy]], unit, lambda k: f"side {(heavy, 1 - heavy)[k]}")

    def solution(self, statement: PartitionStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_sides(text, len(statement.numbers), file_name)

    def encoding(self, statement: PartitionStatement) -> Encoding:
        """A qubit a number. The energy is the square of the difference, so its minima are the optima. Raises TooManyQubits."""
        numbers, unit = statement.scaled
        if len(numbers) > QUBITS_MAX:
            raise TooManyQubits(
                f"This partition needs {len(numbers)} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer numbers.",
            )
        builder = QuboBuilder(len(numbers))
        builder.add_squared({i: 2 * value for i, value in enumerate(numbers)}, -sum(numbers), Fraction(1, unit * unit))
        return Encoding(builder.build(), lambda bits: {"side": list(bits)}, lambda answer: list(answer["side"]))

    def cp_model(self, statement: PartitionStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean a number; the numbers on side 1 have at most half of the sum."""
        numbers, unit = statement.scaled
        coefficients = cp_coefficients(numbers, unit)
        values = coefficients.coefficients
        side = [model.new_bool_var(f"side{i}") for i in range(len(values))]
        chosen = sum(value * bit for value, bit in zip(values, side, strict=True))
        model.add(2 * chosen <= sum(values))
        model.minimize(sum(values) - 2 * chosen)

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            turn = int(_difference(values, answer["side"]) > 0)
            return [(bit, taken ^ turn) for bit, taken in zip(side, answer["side"], strict=True)]

        return CpReading(
            answer=lambda value: {"side": [int(value(bit)) for bit in side]},
            scale=coefficients.scale,
            hint=hint,
            error=math.inf if coefficients.error else 0,
        )

    def heuristic(self, statement: PartitionStatement, seed: int) -> Answer | None:
        """All sums where their table is small enough, else Karmarkar and Karp's differencing, and exchanges."""
        numbers, _ = statement.scaled
        common = math.gcd(*numbers) or 1
        small = [value // common for value in numbers]
        if len(small) * sum(small) <= TABLE_BITS_MAX:
            return {"side": _by_table(small)}
        best = _improved(numbers, _differencing(numbers))
        rng = random.Random(seed)
        for _ in range(min(20, SWAPS_MAX // len(numbers))):
            found = _improved(numbers, [rng.randint(0, 1) for _ in numbers])
            best = min(best, found, key=lambda side: abs(_difference(numbers, side)))
        return {"side": best}

    def improve(self, statement: PartitionStatement, answer: Answer) -> Answer:
        """Move a number, or exchange two, while that lessens the difference."""
        return {"side": _improved(statement.scaled[0], answer["side"])}

    def default_answer(self, statement: PartitionStatement) -> Answer | None:
        """Largest number first, each to the side that has less."""
        numbers, _ = statement.scaled
        side, sums = [0] * len(numbers), [0, 0]
        for place in sorted(range(len(numbers)), key=lambda place: (-numbers[place], place)):
            side[place] = int(sums[1] < sums[0])
            sums[side[place]] += numbers[place]
        return {"side": side}

    def trivial_bound(self, statement: PartitionStatement) -> Number:
        """What the largest number has over all others, and one common divisor where the sum is odd in it."""
        numbers, unit = statement.scaled
        common = math.gcd(*numbers) or 1
        odd = common if sum(numbers) // common % 2 else 0
        return number_below(Fraction(max(odd, 2 * max(numbers) - sum(numbers)), unit))

    def enumerated(self, statement: PartitionStatement) -> Enumerated | None:
        """Up to 24 numbers: the sums of one half of them against those of the other."""
        numbers, unit = statement.scaled
        if len(numbers) > VARIABLES_MAX:
            return None
        side = _best_of_all(numbers)
        return Enumerated({"side": side}, number(Fraction(abs(_difference(numbers, side)), unit)))

    def example(self) -> PartitionStatement:
        """Five numbers; 8 + 7 against 6 + 5 + 4 is even."""
        return PartitionStatement(numbers=(8, 7, 6, 5, 4))


def _difference(numbers: Sequence[int], side: Sequence[int]) -> int:
    """The sum of side 1 minus that of side 0."""
    return sum(value if bit else -value for value, bit in zip(numbers, side, strict=True))


def _by_table(numbers: Sequence[int]) -> list[int]:
    """The best division, from the sums that the first k numbers can have, for each k."""
    reach = [1]
    for value in numbers:
        reach.append(reach[-1] | reach[-1] << value)
    half = sum(numbers) // 2
    at_most = reach[-1] & ((1 << (half + 1)) - 1)
    left, side = at_most.bit_length() - 1, [0] * len(numbers)
    for place in range(len(numbers) - 1, -1, -1):
        if not reach[place] >> left & 1:
            side[place] = 1
            left -= numbers[place]
    return side


def _differencing(numbers: Sequence[int]) -> list[int]:
    """Karmarkar and Karp: the two largest go to opposite sides, and their difference takes their place."""
    heap = [(-value, place) for place, value in enumerate(numbers)]
    heapq.heapify(heap)
    apart: list[list[int]] = [[] for _ in numbers]
    while len(heap) > 1:
        (large, a), (less, b) = heapq.heappop(heap), heapq.heappop(heap)
        apart[a].append(b)
        apart[b].append(a)
        heapq.heappush(heap, (large - less, a))
    side, open_ = [-1] * len(numbers), [heap[0][1]]
    side[open_[0]] = 0
    while open_:
        place = open_.pop()
        for other in apart[place]:
            if side[other] < 0:
                side[other] = 1 - side[place]
                open_.append(other)
    return side


def _improved(numbers: Sequence[int], start: Sequence[int]) -> list[int]:
    """Move the number or exchange the pair that lessens the difference most, while one does."""
    side = list(start)
    for _ in range(max(1, SWAPS_MAX // len(numbers) // 10)):
        now = _difference(numbers, side)
        heavy = int(now > 0)
        best: tuple[int, tuple[int, ...]] = (abs(now), ())
        light = sorted((numbers[place], place) for place, bit in enumerate(side) if bit != heavy)
        for place, bit in enumerate(side):
            if bit != heavy:
                continue
            best = min(best, (abs(abs(now) - 2 * numbers[place]), (place,)))
            wanted = bisect_left(light, (numbers[place] - abs(now) // 2, -1))
            for value, other in light[max(0, wanted - 1) : wanted + 1]:
                best = min(best, (abs(abs(now) - 2 * (numbers[place] - value)), (place, other)))
        if not best[1] or best[0] >= abs(now):
            break
        for place in best[1]:
            side[place] ^= 1
    return side


def _best_of_all(numbers: Sequence[int]) -> list[int]:
    """The best division: every sum of the first half of the numbers meets the nearest one of the second."""
    middle = len(numbers) // 2
    left, right = _sums(numbers[:middle]), sorted((total, place) for place, total in enumerate(_sums(numbers[middle:])))
    whole = sum(numbers)
    best = (whole + 1, 0, 0)
    for place, total in enumerate(left):
        at = bisect_left(right, ((whole - 2 * total) // 2, -1))
        for other, index in right[max(0, at - 1) : at + 2]:
            best = min(best, (abs(whole - 2 * (total + other)), place, index))
    bits = best[1] | best[2] << middle
    return [bits >> place & 1 for place in range(len(numbers))]


def _sums(numbers: Sequence[int]) -> list[int]:
    found = [0]
    for value in numbers:
        found += [total + value for total in found]
    return found


KIND = NumberPartitioning()
