"""Where a simulation can stop or break what the store in memory does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Hook = Callable[[str], Awaitable[None]]
"""Called with the name of the operation (`append`, `read`, …). It may wait, and it may raise StoreUnavailable."""


async def _nothing(_operation: str) -> None:
    return None


@dataclass(slots=True)
class Hooks:
    """Where a simulation can stop or break an operation.

    `before`: before any operation; raising means that it did not happen.
    `before_commit`: inside an append's transaction, its transaction id taken and nothing visible yet: waiting here holds the
    horizon down while others commit; raising rolls back.
    `after_commit`: after any write took effect; raising gives the caller an ambiguous outcome.
    """

    before: Hook = _nothing
    before_commit: Hook = _nothing
    after_commit: Hook = _nothing
