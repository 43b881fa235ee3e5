"""What the objective of an answer is made of, as tables and lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from queuebit_client.cli.output import show_table

if TYPE_CHECKING:
    from queuebit_contracts.shares import Shares


def show_shares(shares: Shares) -> None:
    """A table of the parts with their largest terms, and one of the constraints that leave the least."""
    show_table("Objective", ["part", "term", "amount"], list(_terms(shares)))
    if shares.rooms:
        title = f"Room, {len(shares.rooms)} of {shares.rooms_count} constraints"
        rooms = [[room.name, room.used, room.limit, room.left] for room in shares.rooms]
        show_table(title, ["constraint", "used", "limit", "left"], rooms)


def share_lines(shares: Shares) -> Iterator[str]:
    """The same, line by line."""
    for part, term, amount in _terms(shares):
        yield f"share: {part}{f': {term}' if term else ''}: {amount}"
    for room in shares.rooms:
        yield f"room: {room.name}: {room.left} left of {room.limit}"


def _terms(shares: Shares) -> Iterator[tuple[str, str, object]]:
    for part in shares.parts:
        yield part.name, "", part.amount
        yield from ((part.name, term.name, term.amount) for term in part.terms)
        if part.count > len(part.terms):
            yield part.name, f"{part.count - len(part.terms)} others", part.others
