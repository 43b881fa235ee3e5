"""0/1 knapsack: choose the items of most profit whose weights fit the capacity."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import bits_errors, raise_faults
from queuebit_problems.encoding.enumeration import VARIABLES_MAX, Enumerated, best_packing
from queuebit_problems.encoding.qubo import QuboBuilder
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.orlib import PROBLEM_PARAM
from queuebit_problems.formats.pisinger import PISINGER, is_pisinger, read_pisinger, read_pisinger_taken
from queuebit_problems.formats.solutions import read_bits
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.kinds.packing.knapsack_search import (
    Packing,
    fill,
    fractional_bound,
    improve_packing,
    repair,
    slack_bits,
    slack_values,
)
from queuebit_problems.numeric import (
    NonNegative,
    cp_coefficients,
    cp_weights,
    integers,
    number,
    number_above,
)
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

ITEMS_MAX = 100_000
QUBITS_MAX = 1_000
"""The penalty joins every pair of bits: a thousand make half a million terms."""
RESTARTS_MAX = 8


def _at_least_one(profits: tuple[NonNegative, ...]) -> tuple[NonNegative, ...]:
    """Checked last: a minimum length of pydantic's own would also be missed where the items themselves are wrong."""
    if not profits:
        raise_faults("knapsack", [((), "length", "should have at least one item")])
    return profits


def _one_each(weights: tuple[NonNegative, ...], info: ValidationInfo) -> tuple[NonNegative, ...]:
    profits = info.data.get("profits")
    if profits is not None and len(profits) != len(weights):
        message = f"should have one weight for each of the {len(profits)} profits, not {len(weights)}"
        raise_faults("knapsack", [((), "length", message)])
    return weights


class KnapsackStatement(Statement):
    """Items with a profit and a weight each, in order, and a capacity. Numbers are taken as their decimals state them."""

    capacity: Annotated[NonNegative, Field(description="The most that the chosen items may weigh together.")]
    profits: Annotated[
        tuple[NonNegative, ...],
        AfterValidator(_at_least_one),
        Field(
            max_length=ITEMS_MAX,
            description="What each item is worth; not negative.",
            json_schema_extra={"minItems": 1},
        ),
    ]
    weights: Annotated[
        tuple[NonNegative, ...],
        AfterValidator(_one_each),
        Field(max_length=ITEMS_MAX, description="What each item weighs; not negative, one for each profit."),
    ]

    @cached_property
    def packing(self) -> Packing:
        """The same in integers, with the denominators of profits and of weights."""
        profits, profit_unit = integers(self.profits)
        weights, weight_unit = integers([*self.weights, self.capacity])
        return Packing(profits, weights[:-1], weights[-1], profit_unit, weight_unit)


class Knapsack(Optimisation[KnapsackStatement]):
    name = "knapsack"
    admission_is_linear = True
    title = "0/1 knapsack"
    sense = "max"
    answer_shape = '{"take": [0|1 of each item]}'
    formats = (
        "`items capacity`, then `profit weight` of each item (a last line with a known solution is passed over)",
        PISINGER,
    )
    suffixes = (".kp", ".knapsack")
    params = {"problem": PROBLEM_PARAM}
    statement = KnapsackStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> KnapsackStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Knapsack reads {'; or '.join(self.formats)}.")
        if is_pisinger(text):
            capacity, profits, weights = read_pisinger(rows, params, ITEMS_MAX)
            return KnapsackStatement(capacity=capacity, profits=tuple(profits), weights=tuple(weights))
        header = rows.take("`items capacity`")
        counts = rows.columns(header, (2,), "the first line")
        items = rows.integer(header, counts[0], "the number of items", 1, ITEMS_MAX)
        capacity = rows.number(header, counts[1], "the capacity", 0)
        profits, weights = list[Number](), list[Number]()
        for item in range(items):
            row = rows.take(f"item {item + 1} of {items}")
            tokens = rows.columns(row, (2,), "an item")
            profits.append(rows.number(row, tokens[0], "a profit", 0))
            weights.append(rows.number(row, tokens[1], "a weight", 0))
        _pass_over_solution(rows, items)
        return KnapsackStatement(capacity=capacity, profits=tuple(profits), weights=tuple(weights))

    def recognises(self, text: str) -> bool:
        if is_pisinger(text):
            return True
        shape = shape_of(text)
        if len(shape.counts) != 2 or shape.counts[0] is None or not shape.numeric:
            return False
        items, widths = shape.counts[0], shape.widths[1:]
        if len(widths) == items + 1 and widths[-1] == items and not set(shape.lines[-1].split()) - {"0", "1"}:
            widths.pop()
        return len(widths) == items and set(widths) == {2}

    def size(self, statement: KnapsackStatement) -> Size:
        items = len(statement.profits)
        return Size(items, items + statement.packing.slack_bits, items)

    def answer_errors(self, statement: KnapsackStatement, answer: Answer) -> list[FieldError]:
        return bits_errors(answer, "take", len(statement.profits))

    def objective(self, statement: KnapsackStatement, answer: Answer) -> Number:
        packing = statement.packing
        return number(packing.worth(packing.profit(answer["take"])))

    def violations(self, statement: KnapsackStatement, answer: Answer) -> list[Violation]:
        packing = statement.packing
        weight = packing.weight(answer["take"])
        if weight <= packing.capacity:
            return []
        excess = number(Fraction(weight - packing.capacity, packing.weight_unit))
        total = number(Fraction(weight, packing.weight_unit))
        detail = f"the items weigh {total}, which is {excess} over the capacity {statement.capacity}"
        return [Violation("over_capacity", detail, excess)]

    def shares(self, statement: KnapsackStatement, answer: Answer) -> Shares:
        """What each taken item is worth, and what is left of the capacity."""
        return statement.packing.shares(answer["take"])

    def solution(self, statement: KnapsackStatement, text: str, *, file_name: str = "") -> Solution | None:
        if is_pisinger(text):
            stated = (statement.capacity, list(statement.profits), list(statement.weights))
            return read_pisinger_taken(text, *stated, file_name)
        return read_bits(text, "take", len(statement.profits))

    def encoding(self, statement: KnapsackStatement) -> Encoding:
        """A bit an item, and slack bits that fill the knapsack up to its capacity exactly, at a penalty where they cannot.

        One unit too heavy can gain at most one item's profit, so a penalty of more than the highest profit a squared unit
        makes every minimum an optimal packing. Raises TooManyQubits.
        """
        packing = statement.packing
        slack = _slack(packing)
        items = len(packing.profits)
        if items + len(slack) > QUBITS_MAX:
            raise TooManyQubits(
                f"The QUBO of this knapsack needs {items + len(slack)} qubits; at most {QUBITS_MAX} are written down.",
                remedy="Use the classical lane, or state fewer items or weights with fewer digits.",
            )
        builder = QuboBuilder(items + len(slack))
        for item, profit in enumerate(packing.profits):
            builder.add_linear(item, -packing.worth(profit))
        if packing.constrained:
            unit = packing.common_weight
            terms = {item: weight // unit for item, weight in enumerate(packing.weights)}
            terms |= {items + place: value for place, value in enumerate(slack)}
            penalty = packing.worth(max(packing.profits) + 1)
            builder.add_squared(terms, -(packing.capacity // unit), penalty)

        def encode(answer: Answer) -> list[int]:
            take = list(answer["take"])
            room = max(0, (packing.capacity - packing.weight(take)) // packing.common_weight)
            return take + slack_bits(slack, room)

        return Encoding(builder.build(), lambda bits: {"take": list(bits[:items])}, encode)

    def cp_model(self, statement: KnapsackStatement, model: cp_model.CpModel) -> CpReading:
        """One Boolean an item and one linear constraint. Weights of more digits than fit are rounded up, capacity down."""
        packing = statement.packing
        coefficients = cp_coefficients(packing.profits, packing.profit_unit)
        take = [model.new_bool_var(f"take{item}") for item in range(len(packing.profits))]
        weights, capacity, rounded = cp_weights(packing.weights, packing.capacity)
        for bit, weight in zip(take, weights, strict=True):
            if weight > capacity:
                model.add(bit == 0)
        fitting = [item for item, weight in enumerate(weights) if weight <= capacity]
        model.add(sum(weights[item] * take[item] for item in fitting) <= capacity)
        model.maximize(sum(c * bit for c, bit in zip(coefficients.coefficients, take, strict=True)))
        return CpReading(
            answer=lambda value: {"take": [int(value(bit)) for bit in take]},
            scale=coefficients.scale,
            hint=lambda answer: list(zip(take, answer["take"], strict=True)),
            error=math.inf if rounded else coefficients.error,
        )

    def heuristic(self, statement: KnapsackStatement, seed: int) -> Answer | None:
        """The best of filling by profit per weight and of some disturbed orders, each improved by exchanges."""
        packing = statement.packing
        best = improve_packing(packing, fill(packing, [0] * packing.items, packing.by_density))
        rng = random.Random(seed)
        for _ in range(min(RESTARTS_MAX, 20_000 // packing.items)):
            place = {item: rank + rng.gauss(0, 1 + packing.items / 10) for rank, item in enumerate(packing.by_density)}
            take = fill(packing, [0] * packing.items, sorted(place, key=place.__getitem__))
            take = improve_packing(packing, take)
            if packing.profit(take) > packing.profit(best):
                best = take
        return {"take": best}

    def improve(self, statement: KnapsackStatement, answer: Answer) -> Answer:
        """Drop the items of least profit per weight until the rest fits, then fill up and exchange."""
        packing = statement.packing
        return {"take": improve_packing(packing, fill(packing, repair(packing, answer["take"]), packing.by_density))}

    def default_answer(self, statement: KnapsackStatement) -> Answer | None:
        """First fit: the items in the given order, each taken if it still fits."""
        packing = statement.packing
        return {"take": fill(packing, [0] * packing.items, range(packing.items))}

    def trivial_bound(self, statement: KnapsackStatement) -> Number:
        """Dantzig's bound: fill by profit per weight, the last item in part; whole profit units only."""
        return number_above(fractional_bound(statement.packing))

    def enumerated(self, statement: KnapsackStatement) -> Enumerated | None:
        """Up to 24 items."""
        packing = statement.packing
        if packing.items > VARIABLES_MAX:
            return None
        profit, take, count = best_packing(packing.profits, packing.weights, packing.capacity)
        return Enumerated({"take": take}, number(packing.worth(profit)), count)

    def example(self) -> KnapsackStatement:
        """Four items; the second and the fourth together are worth most, 37."""
        return KnapsackStatement(capacity=10, profits=(10, 15, 7, 22), weights=(5, 4, 3, 6))


def _pass_over_solution(rows: Rows, items: int) -> None:
    """Published files may end with a known solution in one line, which states nothing about the problem."""
    for row in rows:
        if len(row.tokens) != items or set(row.tokens) - {"0", "1"}:
            raise rows.error(row, f"nothing should follow the {items} items but one line of 0 or 1 for each")
        rows.end("the known solution")


def _slack(packing: Packing) -> list[int]:
    """The values of the slack bits, whose sums are all of 0..capacity in common weights; [] where everything fits."""
    return slack_values(packing.capacity // packing.common_weight) if packing.constrained else []


KIND = Knapsack()
