"""Multi-dimensional 0/1 knapsack: the items of most profit that keep within several capacities at once."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX, bits_errors
from queuebit_problems.encoding.enumeration import VARIABLES_MAX, Enumerated
from queuebit_problems.encoding.qubo import Exact, QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.orlib import PROBLEM_PARAM, adds_up, chosen_problem
from queuebit_problems.formats.solutions import read_bits
from queuebit_problems.formats.text import Numbers, Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.packing.knapsack_search import Packing, fractional_bound, slack_bits, slack_values
from queuebit_problems.kinds.packing.multi_knapsack_statement import CAPACITIES_MAX, ITEMS_MAX, MultiKnapsackStatement
from queuebit_problems.numeric import cp_coefficients, cp_weights, number, number_above
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


QUBITS_MAX = 1_000
BRANCHES_MAX = 30_000
ROUNDS_EACH_MAX = 60
WORK_MAX = 1_500_000
"""Roughly how many weights one search may look at."""


class MultiKnapsack(Optimisation[MultiKnapsackStatement]):
    name = "multi_knapsack"
    admission_is_linear = True
    title = "Multi-dimensional 0/1 knapsack"
    sense = "max"
    answer_shape = '{"take": [0|1 of each item]}'
    formats = (
        "OR-Library mknap: `problems`, then for each `items capacities best`, profits, a row of weights a capacity, capacities",
    )
    suffixes = (".mkp",)
    params = {"problem": PROBLEM_PARAM}
    statement = MultiKnapsackStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> MultiKnapsackStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Multi knapsack reads {self.formats[0]}.")
        head = rows.take("the number of problems")
        count = rows.integer(head, rows.columns(head, (1,), "the first line")[0], "the number of problems", 1, 1_000)
        wanted = chosen_problem(rows, head, count, params)
        numbers = Numbers(rows)
        for problem in range(1, count + 1):
            items = numbers.integer("the number of items", 1, ITEMS_MAX)
            capacities = numbers.integer("the number of capacities", 1, CAPACITIES_MAX)
            numbers.number("the best known profit")
            profits = numbers.numbers(items, "a profit", 0)
            weights = numbers.table(capacities, items, "a weight", 0)
            limits = numbers.numbers(capacities, "a capacity", 0)
            if problem == wanted:
                found = {"capacities": limits, "profits": profits, "weights": weights}
        numbers.end(f"the {count} problems")
        return self.parse(found)

    def recognises(self, text: str) -> bool:
        shape = shape_of(text)
        if shape.widths[:2] != [1, 3]:
            return False
        return adds_up(shape, 3, lambda head: head[0] + head[0] * head[1] + head[1])

    def size(self, statement: MultiKnapsackStatement) -> Size:
        items = len(statement.profits)
        return Size(items, items + sum(row.slack_bits for row in statement.rows), items * len(statement.rows))

    def answer_errors(self, statement: MultiKnapsackStatement, answer: Answer) -> list[FieldError]:
        return bits_errors(answer, "take", len(statement.profits))

    def objective(self, statement: MultiKnapsackStatement, answer: Answer) -> Number:
        row = statement.rows[0]
        return number(row.worth(row.profit(answer["take"])))

    def violations(self, statement: MultiKnapsackStatement, answer: Answer) -> list[Violation]:
        found: list[Violation] = []
        for k, row in enumerate(statement.rows):
            over = row.weight(answer["take"]) - row.capacity
            if over > 0:
                amount = number(Fraction(over, row.weight_unit))
                detail = f"the items are {amount} over capacity {k}, which is {statement.capacities[k]}"
                found.append(Violation("over_capacity", detail, amount))
        return found[:FAULTS_MAX]

    def shares(self, statement: MultiKnapsackStatement, answer: Answer) -> Shares:
        """What each taken item is worth, and what is left of each capacity."""
        rows, take = statement.rows, answer["take"]
        rooms = [room for k, row in enumerate(rows) for room in row.shares(take, f"capacity {k}").rooms]
        return Shares(rows[0].shares(take).parts, rooms)

    def solution(self, statement: MultiKnapsackStatement, text: str, *, file_name: str = "") -> Solution | None:
        del file_name
        return read_bits(text, "take", len(statement.profits))

    def encoding(self, statement: MultiKnapsackStatement) -> Encoding:
        """A bit an item, and slack bits that fill each capacity up exactly, at a penalty where they cannot.

        The energy is the profit left behind, minus all profit, plus penalties; a penalty is more than a known packing leaves
        behind: every minimum is an optimal packing. Raises TooManyQubits.
        """
        slacks, items = _slacks(statement), len(statement.profits)
        qubits = items + sum(len(slack) for _, slack in slacks)
        if qubits > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this knapsack needs {qubits} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer items, fewer capacities or weights with fewer digits.",
            )
        first = statement.rows[0]
        builder = QuboBuilder(qubits)
        for item, profit in enumerate(first.profits):
            builder.add_linear(item, -first.worth(profit))
        penalty = first.worth(sum(first.profits) - first.profit(_filled_up(statement))) + 1
        at = items
        for row, slack in slacks:
            terms: dict[int, Exact] = {i: weight // row.common_weight for i, weight in enumerate(row.weights)}
            terms |= {at + place: value for place, value in enumerate(slack)}
            builder.add_squared(terms, -(row.capacity // row.common_weight), penalty)
            at += len(slack)

        def encode(answer: Answer) -> list[int]:
            take = list(answer["take"])
            bits = list(take)
            for row, slack in slacks:
                bits += slack_bits(slack, max(0, (row.capacity - row.weight(take)) // row.common_weight))
            return bits

        return Encoding(builder.build(), lambda bits: {"take": list(bits[:items])}, encode)

    def cp_model(self, statement: MultiKnapsackStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean an item and a linear constraint a capacity. Weights of more digits than fit are rounded up."""
        first = statement.rows[0]
        coefficients = cp_coefficients(first.profits, first.profit_unit)
        take = [model.new_bool_var(f"take{item}") for item in range(first.items)]
        rounded = False
        for row in statement.rows:
            weights, capacity, changed = cp_weights(row.weights, row.capacity)
            rounded |= changed
            model.add(sum(weight * bit for weight, bit in zip(weights, take, strict=True)) <= capacity)
        model.maximize(sum(c * bit for c, bit in zip(coefficients.coefficients, take, strict=True)))
        return CpReading(
            answer=lambda value: {"take": [int(value(bit)) for bit in take]},
            scale=coefficients.scale,
            hint=lambda answer: list(zip(take, answer["take"], strict=True)),
            error=math.inf if rounded else coefficients.error,
        )

    def heuristic(self, statement: MultiKnapsackStatement, seed: int) -> Answer | None:
        """By profit per share of the capacities; then some items are dropped and others taken, kept where it is not worse."""
        return {"take": _searched(statement, _filled_up(statement), random.Random(seed), WORK_MAX)}

    def improve(self, statement: MultiKnapsackStatement, answer: Answer) -> Answer:
        """Drop the items of least profit per share until the rest fits, fill up, and a short search."""
        take = list(answer["take"])
        rows = statement.rows
        over = [row for row in rows if row.weight(take) > row.capacity]
        for item in reversed(statement.joined.by_density):
            if not over:
                break
            if take[item] and any(row.weights[item] for row in over):
                take[item] = 0
                over = [row for row in over if row.weight(take) > row.capacity]
        return {"take": _searched(statement, _filled_up(statement, take), random.Random(0), WORK_MAX // 20)}

    def default_answer(self, statement: MultiKnapsackStatement) -> Answer | None:
        """The items in the given order, each taken if it still fits."""
        return {"take": _fill(statement, [0] * len(statement.profits), range(len(statement.profits)))}

    def trivial_bound(self, statement: MultiKnapsackStatement) -> Number:
        """The least of Dantzig's bounds: of each capacity alone, and of all joined."""
        return number_above(min(map(fractional_bound, [*statement.rows, statement.joined])))

    def enumerated(self, statement: MultiKnapsackStatement) -> Enumerated | None:
        """Up to 24 items, by taking and leaving each where that may still gain; None where that takes too long."""
        if len(statement.profits) > VARIABLES_MAX:
            return None
        take = _best_of_all(statement)
        return None if take is None else Enumerated({"take": take}, self.objective(statement, {"take": take}))

    def example(self) -> MultiKnapsackStatement:
        """Four items, two capacities; the first and the last item together are worth most, 16."""
        return MultiKnapsackStatement(capacities=(10, 8), profits=(9, 5, 6, 7), weights=((6, 3, 5, 4), (3, 4, 4, 5)))


def _slacks(statement: MultiKnapsackStatement) -> list[tuple[Packing, list[int]]]:
    """The capacities that can be broken, with the values of their slack bits."""
    return [(row, slack_values(row.capacity // row.common_weight)) for row in statement.rows if row.constrained]


def _fill(statement: MultiKnapsackStatement, start: Sequence[int], order: Sequence[int] | range) -> list[int]:
    """Add each item, in the given order, that still fits."""
    take = list(start)
    rooms = [row.capacity - row.weight(take) for row in statement.rows]
    weights = [row.weights for row in statement.rows]
    for item in order:
        if not take[item] and all(row[item] <= room for row, room in zip(weights, rooms, strict=True)):
            take[item] = 1
            rooms = [room - row[item] for row, room in zip(weights, rooms, strict=True)]
    return take


def _filled_up(statement: MultiKnapsackStatement, start: Sequence[int] | None = None) -> list[int]:
    return _fill(statement, start or [0] * len(statement.profits), statement.joined.by_density)


def _searched(statement: MultiKnapsackStatement, start: list[int], rng: random.Random, work_max: int) -> list[int]:
    """Drop up to three taken items and fill up in a disturbed order, again and again."""
    joined, rows = statement.joined, statement.rows
    best = now = start
    best_profit = now_profit = rows[0].profit(start)
    rank = {item: place for place, item in enumerate(joined.by_density)}
    rounds = min(ROUNDS_EACH_MAX * joined.items, work_max // (joined.items * (len(rows) + 4)))
    for _ in range(rounds):
        taken = [item for item, bit in enumerate(now) if bit]
        if not taken or len(taken) == joined.items:
            break
        take = list(now)
        dropped = rng.sample(taken, min(len(taken), rng.randint(1, 3)))
        for item in dropped:
            take[item] = 0
        noise = 1 + joined.items / 8
        order = sorted((i for i, bit in enumerate(now) if not bit), key=lambda i: rank[i] + rng.gauss(0, noise))
        take = _fill(statement, _fill(statement, take, order), dropped)
        profit = rows[0].profit(take)
        if profit >= now_profit:
            now, now_profit = take, profit
        if profit > best_profit:
            best, best_profit = take, profit
    return best


def _best_of_all(statement: MultiKnapsackStatement) -> list[int] | None:
    joined, rows = statement.joined, statement.rows
    order = joined.by_density
    best = _searched(statement, _filled_up(statement), random.Random(0), WORK_MAX // 20)
    best_profit = rows[0].profit(best)
    open_ = [(0, 0, joined.capacity, [row.capacity for row in rows], 0)]
    for _ in range(BRANCHES_MAX):
        if not open_:
            return best
        place, profit, room, rooms, chosen = open_.pop()
        if profit > best_profit:
            best_profit = profit
            best = [chosen >> item & 1 for item in range(joined.items)]
        reach, left = Fraction(profit), room
        for item in order[place:]:
            if joined.weights[item] > left:
                reach += Fraction(joined.profits[item] * left, joined.weights[item])
                break
            left -= joined.weights[item]
            reach += joined.profits[item]
        if place == joined.items or math.floor(reach) <= best_profit:
            continue
        item = order[place]
        open_.append((place + 1, profit, room, rooms, chosen))
        after = [free - row.weights[item] for free, row in zip(rooms, rows, strict=True)]
        if min(after) >= 0 and joined.profits[item]:
            taken = profit + joined.profits[item], room - joined.weights[item]
            open_.append((place + 1, *taken, after, chosen | 1 << item))
    return None


KIND = MultiKnapsack()
