"""Bin packing: all items into as few bins of one capacity as possible."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX, integers_errors
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.set_partitioning import covering, parts
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.divisions import read_bins
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.orlib import PROBLEM_PARAM, chosen_problem
from queuebit_problems.formats.text import Numbers, Rows, parse_number
from queuebit_problems.keeping.plans import Keeping
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.packing.bin_packing_plans import PLANS
from queuebit_problems.kinds.packing.bin_packing_search import (
    Bins,
    decreasing,
    fewest,
    first_fit,
    packed,
    repaired,
)
from queuebit_problems.kinds.packing.bin_packing_statement import ITEMS_MAX, QUBITS_MAX, BinPackingStatement
from queuebit_problems.numeric import cp_weights, number
from queuebit_problems.optimisation import CpReading, Encoding
from queuebit_problems.shares import Room, Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


ENUMERATED_ITEMS_MAX = 13
TELLING_ITEMS_MIN = 20
"""So many items whose number and capacity stand before them are no list of numbers that has this form by chance."""


class BinPacking(Keeping[BinPackingStatement]):
    name = "bin_packing"
    admission_is_linear = True
    title = "One-dimensional bin packing"
    sense = "min"
    answer_shape = '{"bin": [bin of each item, from 0]}'
    formats = (
        "`items`, `capacity`, then the sizes",
        "OR-Library binpack: `problems`, then for each a name, `capacity items best`, and the sizes",
    )
    suffixes = (".bpp",)
    params = {"problem": PROBLEM_PARAM}
    statement = BinPackingStatement
    plans = PLANS

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> BinPackingStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Bin packing reads {'; or '.join(self.formats)}.")
        if _is_or_library(text):
            return _read_or_library(rows, params)
        numbers = Numbers(rows)
        items = numbers.integer("the number of items", 1, ITEMS_MAX)
        return _read_sizes(numbers, items, numbers.number("the capacity", 0), last=True)

    def recognises(self, text: str) -> bool:
        return _is_or_library(text) or _is_counted_list(text)

    def size(self, statement: BinPackingStatement) -> Size:
        """Beyond QUBITS_MAX qubits are not counted any further."""
        patterns = statement.patterns
        items = len(statement.sizes)
        return Size(items, QUBITS_MAX + 1 if patterns is None else len(patterns), items)

    def answer_errors(self, statement: BinPackingStatement, answer: Answer) -> list[FieldError]:
        items = len(statement.sizes)
        return integers_errors(answer, "bin", items, 0, items - 1)

    def objective(self, statement: BinPackingStatement, answer: Answer) -> Number:
        """How many bins hold an item."""
        del statement
        return len(set(answer["bin"]))

    def violations(self, statement: BinPackingStatement, answer: Answer) -> list[Violation]:
        sizes, capacity, unit = statement.scaled
        found: list[Violation] = []
        for name, members in sorted(_groups(answer).items()):
            excess = sum(sizes[item] for item in members) - capacity
            if excess > 0:
                over = number(Fraction(excess, unit))
                detail = f"the items of bin {name} are {over} over the capacity {statement.capacity}"
                found.append(Violation("over_capacity", detail, over))
        return found[:FAULTS_MAX]

    def shares(self, statement: BinPackingStatement, answer: Answer) -> Shares:
        """One for each bin, and what is left in it."""
        sizes, capacity, unit = statement.scaled
        bins = sorted(_groups(answer).items())
        rooms = (Room(f"bin {name}", sum(sizes[i] for i in items), capacity, unit) for name, items in bins)
        return one_part("bins", [1] * len(bins), 1, lambda k: f"bin {bins[k][0]}: {len(bins[k][1])} items", rooms)

    def solution(self, statement: BinPackingStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_bins(text, len(statement.sizes), file_name)

    def encoding(self, statement: BinPackingStatement) -> Encoding:
        """A qubit for each set of items that fits a bin: 1 for each chosen set, plus 2 (times covered - 1) squared an item.

        Putting an item that is not covered into a bin of its own costs 1 and saves 2; taking one that is covered again out of a
        bin costs nothing and saves at least 2: every minimum is a packing. Raises TooManyQubits.
        """
        sets = statement.patterns
        if sets is None:
            raise TooManyQubits(
                f"The QUBO of this packing has a qubit for each set of items that fits a bin: more than {QUBITS_MAX}.",
                remedy="Use the classical lane, or state fewer items.",
            )
        items = len(statement.sizes)
        builder, groups = covering(sets, [1] * len(sets), items, 2)
        place = {members: i for i, members in enumerate(sets)}

        def encode(answer: Answer) -> list[int]:
            bits = [0] * len(sets)
            for members in _groups(answer).values():
                bits[place[tuple(members)]] = 1
            return bits

        return Encoding(builder.build(), lambda bits: _answer(parts(sets, bits, items)), encode, groups)

    def cp_model(self, statement: BinPackingStatement, model: cp_model.CpModel) -> CpReading:
        """How many items of each size are in each bin. The items larger than half a bin have the first bins, largest first."""
        sizes, capacity, _ = statement.scaled
        weights, room, rounded = cp_weights(sizes, capacity)
        upper = repaired(weights, room, _quick(statement))
        large = [item for item in decreasing(weights) if 2 * weights[item] > room]
        by_size: dict[int, list[int]] = {}
        for item in decreasing(weights):
            if 2 * weights[item] <= room:
                by_size.setdefault(weights[item], []).append(item)
        needed = max(len(large), 1 if rounded else statement.bound)
        used = [model.new_bool_var(f"used{b}") for b in range(needed, len(upper))]
        count = {
            (size, b): model.new_int_var(0, min(len(items), room // size if size else len(items)), f"size{size}_{b}")
            for size, items in by_size.items()
            for b in range(len(upper))
        }
        for size, items in by_size.items():
            model.add(sum(count[size, b] for b in range(len(upper))) == len(items))
            for b, bit in enumerate(used, start=needed):
                model.add(count[size, b] <= len(items) * bit)
        for b in range(len(upper)):
            free = room - weights[large[b]] if b < len(large) else room
            model.add(
                sum(size * count[size, b] for size in by_size) <= (free if b < needed else free * used[b - needed])
            )
        for left, right in pairwise(used):
            model.add_implication(right, left)
        model.minimize(sum(used) + needed)

        def read(value: Any) -> Answer:
            bins: Bins = [[item] for item in large] + [[] for _ in range(len(upper) - len(large))]
            for size, items in by_size.items():
                waiting = iter(items)
                for b, members in enumerate(bins):
                    members.extend(next(waiting) for _ in range(value(count[size, b])))
            return _answer([members for members in bins if members])

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            groups = list(_groups(answer).values())
            groups = upper if len(groups) > len(upper) else groups
            rank = {item: place for place, item in enumerate(large)}
            groups = sorted(groups, key=lambda members: min(rank.get(item, len(rank)) for item in members))
            tally: dict[tuple[int, int], int] = dict.fromkeys(count, 0)
            for b, members in enumerate(groups):
                for item in members:
                    if item not in rank:
                        tally[weights[item], b] += 1
            return [(variable, tally[key]) for key, variable in count.items()] + [
                (bit, int(b < len(groups))) for b, bit in enumerate(used, start=needed)
            ]

        return CpReading(answer=read, scale=1, hint=hint, error=math.inf if rounded else 0)

    def heuristic(self, statement: BinPackingStatement, seed: int) -> Answer | None:
        """First fit by decreasing size; then some bins at random are emptied and filled again by least slack."""
        sizes, capacity, _ = statement.scaled
        return _answer(packed(sizes, capacity, _quick(statement), statement.bound, random.Random(seed)))

    def improve(self, statement: BinPackingStatement, answer: Answer) -> Answer:
        """What is too much in a bin goes to others, then the emptiest bins are dissolved where their items fit elsewhere."""
        sizes, capacity, _ = statement.scaled
        bins = repaired(sizes, capacity, _groups(answer).values())
        bins.sort(key=lambda members: -sum(sizes[item] for item in members))
        while len(bins) > 1:
            fewer = first_fit(sizes, capacity, decreasing(sizes, bins[-1]), bins[:-1])
            if len(fewer) >= len(bins):
                break
            bins = fewer
        return _answer(bins)

    def default_answer(self, statement: BinPackingStatement) -> Answer | None:
        """The items in the given order, each into the first bin that has room."""
        sizes, capacity, _ = statement.scaled
        return _answer(first_fit(sizes, capacity, range(len(sizes))))

    def trivial_bound(self, statement: BinPackingStatement) -> Number:
        """Martello and Toth's L2."""
        return statement.bound

    def enumerated(self, statement: BinPackingStatement) -> Enumerated | None:
        """Up to 13 items, by recursion over all sets of items."""
        sizes, capacity, _ = statement.scaled
        if len(sizes) > ENUMERATED_ITEMS_MAX:
            return None
        bins = fewest(sizes, capacity)
        return Enumerated(_answer(bins), len(bins))

    def example(self) -> BinPackingStatement:
        """Five items; they fill two bins exactly."""
        return BinPackingStatement(capacity=10, sizes=(6, 5, 4, 3, 2))


def _is_counted_list(text: str) -> bool:
    """Whether a line says how many numbers follow the next line: on one line with it, they are a solution of QAPLIB."""
    shape = shape_of(text)
    return shape.widths[:2] == [1, 1] and shape.counts[0] == shape.total - 2 > 0 and shape.numeric


def is_surely_packing(text: str) -> bool:
    """Whether lines of one number each state many items, after how many they are and a capacity that none exceeds."""
    shape = shape_of(text)
    if not TELLING_ITEMS_MIN <= shape.total - 2 <= ITEMS_MAX or shape.count_at(0) != shape.total - 2:
        return False
    numbers = [parse_number(line) for line in shape.lines[1:]]
    known = [value for value in numbers if value is not None]
    return len(known) == len(numbers) and max(known) == known[0]


def _is_or_library(text: str) -> bool:
    shape = shape_of(text)
    if shape.widths[:3] != [1, 1, 3] or shape.counts[0] is None:
        return False
    return parse_number(shape.head[1][0]) is None and all(parse_number(token) is not None for token in shape.head[2])


def _read_or_library(rows: Rows, params: Params | None) -> BinPackingStatement:
    head = rows.take("the number of problems")
    count = rows.integer(head, head.tokens[0], "the number of problems", 1, 1_000)
    wanted = chosen_problem(rows, head, count, params)
    for problem in range(1, count + 1):
        rows.take("the name of the problem")
        numbers = Numbers(rows)
        capacity = numbers.number("the capacity", 0)
        items = numbers.integer("the number of items", 1, ITEMS_MAX)
        numbers.number("the best known number of bins")
        statement = _read_sizes(numbers, items, capacity, last=problem == count)
        if problem == wanted:
            found = statement
    return found


def _read_sizes(numbers: Numbers, items: int, capacity: Number, *, last: bool) -> BinPackingStatement:
    sizes = tuple(numbers.number("a size", 0, capacity) for _ in range(items))
    if last:
        numbers.end(f"the {items} sizes")
    return BinPackingStatement(capacity=capacity, sizes=sizes)


def _quick(statement: BinPackingStatement) -> Bins:
    sizes, capacity, _ = statement.scaled
    return first_fit(sizes, capacity, decreasing(sizes))


def _groups(answer: Answer) -> dict[int, list[int]]:
    """The items of each bin, in order, by the bin's name."""
    found: dict[int, list[int]] = {}
    for item, name in enumerate(answer["bin"]):
        found.setdefault(name, []).append(item)
    return found


def _answer(bins: Sequence[Sequence[int]]) -> Answer:
    """The bins numbered in the order of their first items."""
    names = [0] * sum(map(len, bins))
    for name, members in enumerate(sorted(bins, key=min)):
        for item in members:
            names[item] = name
    return {"bin": names}


KIND = BinPacking()
