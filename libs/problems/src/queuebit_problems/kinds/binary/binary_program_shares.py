"""What the variables of a binary program add to its objective, and how much room its constraints leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queuebit_problems.kinds.binary.binary_program_statement import BinaryProgramStatement
from queuebit_problems.shares import Part, Room, Shares


def program_shares(statement: BinaryProgramStatement, values: Sequence[int]) -> Shares:
    """The offset, linear and quadratic terms; of each constraint that is no equation the side that is nearer."""
    program, names = statement.program, statement.names
    linear = [(i, c * values[i]) for i, c in program.linear if values[i]]
    products = [(i, j, q * values[i] * values[j]) for i, j, q in program.quadratic if values[i] and values[j]]
    parts = (
        Part("offset", [program.offset], program.unit, lambda _: "offset"),
        Part("linear terms", [c for _, c in linear], program.unit, lambda k: names[linear[k][0]]),
        Part(
            "quadratic terms",
            [q for *_, q in products],
            program.unit,
            lambda k: f"{names[products[k][0]]} {names[products[k][1]]}",
        ),
    )
    return Shares(tuple(part for part in parts if any(part.amounts)) or parts[:1], list(_rooms(statement, values)))


def _rooms(statement: BinaryProgramStatement, values: Sequence[int]) -> Iterator[Room]:
    for place, (one, row) in enumerate(zip(statement.constraints, statement.program.rows, strict=True)):
        if row.lower == row.upper:
            continue
        name, activity = one.name or f"constraint {place}", row.activity(values)
        sides = [
            Room(name, activity, side, row.unit, at_least)
            for side, at_least in ((row.upper, False), (row.lower, True))
            if side is not None
        ]
        yield min(sides, key=lambda room: room.left)
