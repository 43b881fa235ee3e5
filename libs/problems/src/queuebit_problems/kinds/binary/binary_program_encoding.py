"""A binary program as a QUBO: bits of whole numbers, slack bits of inequalities, penalties that no objective outweighs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from queuebit_problems.encoding.qubo import Exact, QuboBuilder, simplest
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.kinds.binary.binary_program_rows import Program
from queuebit_problems.kinds.packing.knapsack_search import slack_bits, slack_values
from queuebit_problems.optimisation import Encoding, Group
from queuebit_problems.rows import Row

QUBITS_MAX = 1_000
PAIRS_MAX = 2_000_000
"""How many pairs of bits all penalties together may write down."""

Bits = list[tuple[int, int]]
"""(qubit, value) of one variable: it is its least value, and the values of the bits that are set."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """One row over bits: low <= sum a b <= low + room. `pairs`: at most one of its literals is true, (qubit, whether set)."""

    terms: dict[int, int]
    low: int
    room: int
    slack: tuple[int, ...] = ()
    pairs: tuple[tuple[int, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Which qubit means what."""

    bits: list[Bits]
    penalties: list[Penalty]
    qubits: int


def plan_of(program: Program) -> Plan:
    """The bits of the variables in order, then the slack bits of the rows in order."""
    bits: list[Bits] = []
    qubits = 0
    for low, high in program.ranges:
        values = slack_values(high - low)
        bits.append([(qubits + place, value) for place, value in enumerate(values)])
        qubits += len(values)
    penalties = [one for row in program.rows if (one := _penalty(row, program, bits)) is not None]
    return Plan(bits, penalties, qubits + sum(len(one.slack) for one in penalties))


def counts_of(program: Program) -> tuple[int, int]:
    """(how many qubits its plan has, about how many pairs of bits its penalties join), without making the plan."""
    values = [slack_values(high - low) for low, high in program.ranges]
    widths, ones = list(map(len, values)), [set(each) <= {1} for each in values]
    qubits, pairs = sum(widths), 0
    for row in program.rows:
        asked = _asked(row, program)
        negative = sum(widths[i] for i, a in row.terms if a < 0)
        positive = sum(widths[i] for i, a in row.terms if a > 0)
        if asked is None or asked.low > asked.high or not negative + positive:
            continue
        slack = 0
        plain = all(abs(a) == asked.divisor and ones[i] for i, a in row.terms if a and widths[i])
        if not plain or not _sides_of_one(negative, positive, asked):
            slack = len(slack_values(asked.high - asked.low))
        qubits += slack
        pairs += (negative + positive + slack) ** 2 // 2
    return qubits, pairs


@dataclass(frozen=True, slots=True)
class _Asked:
    """low <= sum (a / divisor) (x - its least value) <= high."""

    low: int
    high: int
    divisor: int


def _asked(row: Row, program: Program) -> _Asked | None:
    """What a row asks; None where every answer within the ranges keeps it."""
    least, most = row.reach(program.ranges)
    lower = least if row.lower is None else max(row.lower, least)
    upper = most if row.upper is None else min(row.upper, most)
    if lower <= least and upper >= most:
        return None
    divisor = math.gcd(*(a for _, a in row.terms)) or 1
    base = sum(a * program.ranges[i][0] for i, a in row.terms)
    return _Asked(-(-(lower - base) // divisor), (upper - base) // divisor, divisor)


def _penalty(row: Row, program: Program, bits: list[Bits]) -> Penalty | None:
    """What a row asks of bits; None where it asks nothing."""
    asked = _asked(row, program)
    if asked is None:
        return None
    low, high = asked.low, asked.high
    terms = {qubit: a // asked.divisor * value for i, a in row.terms if a for qubit, value in bits[i]}
    if low > high or not terms:
        return Penalty({}, 1, 0)
    if set(terms.values()) <= {1, -1} and (pairs := _at_most_one(terms, asked)):
        return Penalty(terms, low, high - low, pairs=pairs)
    return Penalty(terms, low, high - low, tuple(slack_values(high - low)))


def _at_most_one(terms: dict[int, int], asked: _Asked) -> tuple[tuple[int, bool], ...]:
    """The literals of which at most one may be true, where that is all that the row says; else none."""
    negative = sum(a < 0 for a in terms.values())
    side = _sides_of_one(negative, len(terms) - negative, asked)
    return tuple((qubit, a * side > 0) for qubit, a in terms.items()) if side else ()


def _sides_of_one(negative: int, positive: int, asked: _Asked) -> int:
    """1 or -1 where the row says only that at most one of its bits, or of their opposites, is set; else 0."""
    if asked.low <= -negative and asked.high + negative == 1:
        return 1
    return -1 if asked.high >= positive and positive - asked.low == 1 else 0


def encoding_of(program: Program, names: Sequence[str]) -> Encoding:
    """The QUBO. One unit of violation costs more than the whole range of the objective. Raises TooManyQubits."""
    qubits, pairs = counts_of(program)
    if qubits > QUBITS_MAX or pairs > PAIRS_MAX:
        raise TooManyQubits(
            f"The QUBO of this program needs {qubits} qubits; at most {QUBITS_MAX} are written down, "
            f"and {PAIRS_MAX} pairs.",
            remedy="Use the classical lane, or state fewer variables, narrower ranges or sides with fewer digits.",
        )
    plan = plan_of(program)
    builder = QuboBuilder(plan.qubits)
    _add_objective(builder, program, plan)
    low, high = program.worth_range
    penalty = simplest(Fraction(high - low + 1, program.unit))
    slack = sum(map(len, plan.bits))
    groups: list[Group] = []
    for one in plan.penalties:
        _add_penalty(builder, one, slack, penalty)
        if not one.room and 0 < one.low < len(one.terms) and set(one.terms.values()) == {1}:
            groups.append(Group(tuple(one.terms), penalty, one.low))
        slack += len(one.slack)

    def decode(found: Sequence[int]) -> dict[str, dict[str, int]]:
        values = [
            low + sum(value for qubit, value in mine if found[qubit])
            for (low, _), mine in zip(program.ranges, plan.bits, strict=True)
        ]
        return {"values": dict(zip(names, values, strict=True))}

    def encode(answer: dict[str, dict[str, int]]) -> list[int]:
        found: list[int] = []
        for (low, _), name, mine in zip(program.ranges, names, plan.bits, strict=True):
            found += slack_bits([value for _, value in mine], answer["values"][name] - low)
        for one in plan.penalties:
            sum_of = sum(a for qubit, a in one.terms.items() if found[qubit])
            found += slack_bits(one.slack, min(max(sum_of - one.low, 0), one.room))
        return found

    return Encoding(builder.build(), decode, encode, tuple(groups))


def _add_objective(builder: QuboBuilder, program: Program, plan: Plan) -> None:
    sign = -1 if program.most else 1

    def parts(i: int) -> Iterator[tuple[int | None, int]]:
        yield None, program.ranges[i][0]
        yield from plan.bits[i]

    def add(one: int | None, other: int | None, value: int) -> None:
        amount: Exact = simplest(Fraction(sign * value, program.unit))
        qubits = [qubit for qubit in (one, other) if qubit is not None]
        if not qubits:
            builder.add_offset(amount)
        elif amount:
            builder.add(qubits[0], qubits[-1], amount)

    add(None, None, program.offset)
    for i, c in program.linear:
        for qubit, value in parts(i):
            add(qubit, None, c * value)
    for i, j, q in program.quadratic:
        for one, value in parts(i):
            for other, factor in parts(j):
                add(one, other, q * value * factor)


def _add_penalty(builder: QuboBuilder, one: Penalty, slack: int, penalty: Exact) -> None:
    if one.pairs:
        for place, (qubit, is_set) in enumerate(one.pairs):
            for other, other_set in one.pairs[place + 1 :]:
                _add_both(builder, (qubit, is_set), (other, other_set), penalty)
        return
    terms: dict[int, Exact] = dict(one.terms)
    terms |= {slack + place: -value for place, value in enumerate(one.slack)}
    builder.add_squared(terms, -one.low, penalty)


def _add_both(builder: QuboBuilder, one: tuple[int, bool], other: tuple[int, bool], penalty: Exact) -> None:
    """Add the penalty where both literals are true: x is x, or 1 - x."""
    (i, i_set), (j, j_set) = one, other
    sign = penalty if i_set == j_set else -penalty
    builder.add(i, j, sign)
    if not i_set and not j_set:
        builder.add_offset(penalty)
        builder.add_linear(i, -penalty)
        builder.add_linear(j, -penalty)
    elif not i_set:
        builder.add_linear(j, penalty)
    elif not j_set:
        builder.add_linear(i, penalty)
