"""A server of the stack that stands still for sure."""

from __future__ import annotations

from queuebit_devstack import freezing
from queuebit_devstack.stack import Stack


async def freeze(stack: Stack, server: str) -> None:
    """Stop it, and return when every thread of it has stopped."""
    await freezing.freeze(stack.pid(server))


def thaw(stack: Stack, server: str) -> None:
    """Let it go on."""
    freezing.thaw(stack.pid(server))
