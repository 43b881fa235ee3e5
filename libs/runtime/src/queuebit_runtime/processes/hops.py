"""Small work that must not hold the event loop goes through a hop: to a thread, or nowhere in a simulation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class AnyHop(Protocol):
    """Runs a function off the event loop and returns what it returns; `asyncio.to_thread` is one."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


async def directly(work: Callable[[], T], /) -> T:
    """A hop that stays where it is: for a simulation, in which threads would make the order of things random."""
    return work()
