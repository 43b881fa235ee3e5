"""A question on its way to being taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, TypeVar

from queuebit_contracts.money import Quote
from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_contracts.sagas import NO_SAGA, Saga
from queuebit_problems.admission import Admitted


class Terms(NamedTuple):
    """Under which terms a question is asked: by whom, for which offer, where there is one, and what it means for the work of
    others.
    """

    by: str | None = None
    quote: Quote | None = None
    saga: Saga = NO_SAGA


NO_TERMS = Terms()


class Keyed(NamedTuple):
    """A question of many, with the key that it is asked under."""

    key: str
    admitted: Admitted
    origin: Origin = NO_ORIGIN
    terms: Terms = NO_TERMS


T = TypeVar("T")
TURN = 64
"""So many questions are dealt with before others have their turn."""


async def in_turns(items: Sequence[T]) -> AsyncIterator[T]:
    """The items, with the event loop given to others now and then."""
    for nth, item in enumerate(items):
        if nth and nth % TURN == 0:
            await asyncio.sleep(0)
        yield item
