"""Quadratic 0/1 knapsack: items that are worth more together, within one capacity."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import bits_errors
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.qubo import Exact, QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.solutions import read_bits
from queuebit_problems.formats.text import Numbers, Rows, count_of, parse_number
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.packing.knapsack_search import Packing, fractional_bound, slack_bits, slack_values
from queuebit_problems.kinds.packing.quadratic_knapsack_search import exchanged, gains_of, greedy, profit_of, searched
from queuebit_problems.kinds.packing.quadratic_knapsack_statement import ITEMS_MAX, QuadraticKnapsackStatement
from queuebit_problems.numeric import (
    cp_coefficients,
    cp_weights,
    number,
    number_above,
)
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Part, Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


QUBITS_MAX = 1_000
ENUMERATED_ITEMS_MAX = 16


class QuadraticKnapsack(Optimisation[QuadraticKnapsackStatement]):
    name = "quadratic_knapsack"
    admission_is_linear = True
    title = "Quadratic 0/1 knapsack"
    sense = "max"
    answer_shape = '{"take": [0|1 of each item]}'
    formats = (
        "Billionnet and Soutif: a name, `items`, profits, pair profits of the upper triangle by rows, 0, capacity, weights",
    )
    suffixes = (".qkp",)
    statement = QuadraticKnapsackStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> QuadraticKnapsackStatement:
        del params
        rows = Rows(text, file_name=file_name, remedy=f"Quadratic knapsack reads {self.formats[0]}.")
        rows.take("the name")
        numbers = Numbers(rows)
        items = numbers.integer("the number of items", 1, ITEMS_MAX)
        profits = numbers.numbers(items, "a profit", 0)
        pairs = [
            (i, j, value)
            for i in range(items)
            for j in range(i + 1, items)
            if (value := numbers.number(f"the profit of items {i + 1} and {j + 1}", 0))
        ]
        numbers.integer("the type of constraint, which should be 0 (at most the capacity)", 0, 0)
        capacity = numbers.number("the capacity", 0)
        weights = numbers.numbers(items, "a weight", 0)
        numbers.end_of_numbers(f"the {items} weights")
        return QuadraticKnapsackStatement(capacity=capacity, profits=profits, weights=weights, pairs=tuple(pairs))

    def recognises(self, text: str) -> bool:
        shape = shape_of(text)
        if len(shape.lines) < 4 or shape.widths[:2] != [1, 1] or parse_number(shape.lines[0]) is not None:
            return False
        items = count_of(shape.lines[1])
        return shape.widths[2] == items and (items < 2 or shape.widths[3] == items - 1)

    def size(self, statement: QuadraticKnapsackStatement) -> Size:
        items = len(statement.profits)
        return Size(items, items + statement.packing.slack_bits, items + len(statement.pairs))

    def answer_errors(self, statement: QuadraticKnapsackStatement, answer: Answer) -> list[FieldError]:
        return bits_errors(answer, "take", len(statement.profits))

    def objective(self, statement: QuadraticKnapsackStatement, answer: Answer) -> Number:
        return number(Fraction(profit_of(statement, answer["take"]), statement.worth[2]))

    def violations(self, statement: QuadraticKnapsackStatement, answer: Answer) -> list[Violation]:
        packing = statement.packing
        over = packing.weight(answer["take"]) - packing.capacity
        if over <= 0:
            return []
        amount = number(Fraction(over, packing.weight_unit))
        detail = f"the items are {amount} over the capacity {statement.capacity}"
        return [Violation("over_capacity", detail, amount)]

    def shares(self, statement: QuadraticKnapsackStatement, answer: Answer) -> Shares:
        """What items are worth alone, and what pairs of them are worth on top."""
        profits, together, unit = statement.worth
        taken = [i for i, bit in enumerate(answer["take"]) if bit]
        pairs = [(i, j) for i, j in combinations(taken, 2) if together[i].get(j)]
        items = Part("items", [profits[i] for i in taken], unit, lambda k: f"item {taken[k]}")
        both = Part("pairs", [together[i][j] for i, j in pairs], unit, lambda k: "items {} and {}".format(*pairs[k]))
        return Shares((items, both), statement.packing.shares(answer["take"]).rooms)

    def solution(self, statement: QuadraticKnapsackStatement, text: str, *, file_name: str = "") -> Solution | None:
        del file_name
        return read_bits(text, "take", len(statement.profits))

    def encoding(self, statement: QuadraticKnapsackStatement) -> Encoding:
        """A bit an item, and slack bits that fill the knapsack up to its capacity exactly, at a penalty where they cannot.

        No energy without penalty is below minus all profit, and a penalty is more than a known packing leaves behind of that:
        every minimum is an optimal packing. Raises TooManyQubits.
        """
        packing, (profits, together, unit) = statement.packing, statement.worth
        slack, items = _slack(packing), len(profits)
        if items + len(slack) > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this knapsack needs {items + len(slack)} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer items or weights with fewer digits.",
            )
        builder = QuboBuilder(items + len(slack))
        for i, profit in enumerate(profits):
            builder.add_linear(i, Fraction(-profit, unit))
            for j, value in together[i].items():
                if i < j:
                    builder.add(i, j, Fraction(-value, unit))
        if packing.constrained:
            whole = profit_of(statement, [1] * items)
            known = profit_of(statement, greedy(statement, [0] * items))
            terms: dict[int, Exact] = {i: weight // packing.common_weight for i, weight in enumerate(packing.weights)}
            terms |= {items + place: value for place, value in enumerate(slack)}
            builder.add_squared(terms, -(packing.capacity // packing.common_weight), Fraction(whole - known, unit) + 1)

        def encode(answer: Answer) -> list[int]:
            take = list(answer["take"])
            room = max(0, (packing.capacity - packing.weight(take)) // packing.common_weight)
            return take + slack_bits(slack, room)

        return Encoding(builder.build(), lambda bits: {"take": list(bits[:items])}, encode)

    def cp_model(self, statement: QuadraticKnapsackStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean an item, one a pair that is only set if both its items are, and one linear constraint.

        An item with the pairs it makes weighs on the capacity as well, which brings the bound closer: what the others of a
        taken item's pairs weigh is at most what it leaves free.
        """
        packing, (profits, together, unit) = statement.packing, statement.worth
        items = len(profits)
        pairs = [(i, j) for i in range(items) for j in together[i] if i < j]
        coefficients = cp_coefficients([*profits, *(together[i][j] for i, j in pairs)], unit)
        weights, capacity, rounded = cp_weights(packing.weights, packing.capacity)
        take = [model.new_bool_var(f"take{i}") for i in range(items)]
        both = {pair: model.new_bool_var(f"both{pair[0]}_{pair[1]}") for pair in pairs}
        model.add(sum(weight * bit for weight, bit in zip(weights, take, strict=True)) <= capacity)
        for i in range(items):
            mine = [(j, both[min(i, j), max(i, j)]) for j in together[i]]
            for _, bit in mine:
                model.add_implication(bit, take[i])
            if mine and weights[i] <= capacity:
                model.add(sum(weights[j] * bit for j, bit in mine) <= (capacity - weights[i]) * take[i])
        model.maximize(sum(c * bit for c, bit in zip(coefficients.coefficients, [*take, *both.values()], strict=True)))

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            chosen = answer["take"]
            return [*zip(take, chosen, strict=True), *((bit, chosen[i] & chosen[j]) for (i, j), bit in both.items())]

        return CpReading(
            answer=lambda value: {"take": [int(value(bit)) for bit in take]},
            scale=coefficients.scale,
            hint=hint,
            error=math.inf if rounded else coefficients.error,
        )

    def heuristic(self, statement: QuadraticKnapsackStatement, seed: int) -> Answer | None:
        """Most gain per weight first, exchanges; then some items are dropped and others taken, kept where it is not worse."""
        rng = random.Random(seed)
        return {"take": searched(statement, rng)}

    def improve(self, statement: QuadraticKnapsackStatement, answer: Answer) -> Answer:
        """Drop what is worth least per weight until the rest fits, fill up, and exchange."""
        packing, take = statement.packing, list(answer["take"])
        gains = gains_of(statement, take)
        over = packing.weight(take) - packing.capacity
        while over > 0:
            heavy = [i for i, bit in enumerate(take) if bit and packing.weights[i]]
            worst = min(heavy, key=lambda i: (Fraction(gains[i], packing.weights[i]), i))
            take[worst] = 0
            over -= packing.weights[worst]
            for j, value in statement.worth[1][worst].items():
                gains[j] -= value
        return {"take": exchanged(statement, greedy(statement, take))}

    def default_answer(self, statement: QuadraticKnapsackStatement) -> Answer | None:
        """The items in the given order, each taken if it still fits."""
        packing = statement.packing
        take, room = [0] * packing.items, packing.capacity
        for i, weight in enumerate(packing.weights):
            if weight <= room:
                take[i] = 1
                room -= weight
        return {"take": take}

    def trivial_bound(self, statement: QuadraticKnapsackStatement) -> Number:
        """Dantzig's bound where half of each pair's profit goes to each of its items, whoever else is taken."""
        return number_above(fractional_bound(statement.packing))

    def enumerated(self, statement: QuadraticKnapsackStatement) -> Enumerated | None:
        """Up to 16 items."""
        packing, (profits, together, unit) = statement.packing, statement.worth
        if packing.items > ENUMERATED_ITEMS_MAX:
            return None
        weights, values = [0], [0]
        for k in range(packing.items):
            gains = [profits[k]]
            for j in range(k):
                pair = together[k].get(j, 0)
                gains += [gain + pair for gain in gains]
            values += [value + gain for value, gain in zip(values, gains, strict=True)]
            weights += [weight + packing.weights[k] for weight in weights]
        feasible = [value if weight <= packing.capacity else -1 for value, weight in zip(values, weights, strict=True)]
        best = max(feasible)
        index = feasible.index(best)
        take = [index >> i & 1 for i in range(packing.items)]
        return Enumerated({"take": take}, number(Fraction(best, unit)), feasible.count(best))

    def example(self) -> QuadraticKnapsackStatement:
        """Four items; the first and the second are worth most, 14, because they go well together."""
        return QuadraticKnapsackStatement(
            capacity=8, profits=(3, 4, 6, 5), weights=(4, 4, 5, 3), pairs=((0, 1, 7), (0, 2, 1), (2, 3, 2))
        )


def _slack(packing: Packing) -> list[int]:
    return slack_values(packing.capacity // packing.common_weight) if packing.constrained else []


KIND = QuadraticKnapsack()
