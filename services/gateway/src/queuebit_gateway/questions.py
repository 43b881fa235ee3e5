"""A question on its way to being taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, TypeVar

from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_problems.admission import Admitted


class Keyed(NamedTuple):
    """A question of many, with the key that it is asked under; `by`: who asks."""

    key: str
    admitted: Admitted
    origin: Origin = NO_ORIGIN
    by: str | None = None


T = TypeVar("T")
TURN = 64
"""So many questions are dealt with before others have their turn."""


async def in_turns(items: Sequence[T]) -> AsyncIterator[T]:
    """The items, with the event loop given to others now and then."""
    for nth, item in enumerate(items):
        if nth and nth % TURN == 0:
            await asyncio.sleep(0)
        yield item
