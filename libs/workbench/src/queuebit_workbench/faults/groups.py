"""Members that join a group and leave it again and again, so that its partitions are given away in the middle of the work."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_devstack.stack import Stack


async def storm(stack: Stack, group: str, topics: Sequence[str], joins: int, chance: random.Random) -> int:
    """So many members come one after another, take their share, do nothing with it, and leave; how many came that far."""
    came = 0
    for _ in range(joins):
        member = AIOKafkaConsumer(
            *topics, **stack.client(), group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            async with asyncio.timeout(20.0):
                await member.start()
                await member.getmany(timeout_ms=chance.randrange(50, 600))
            came += 1
        except (KafkaError, OSError, TimeoutError):
            pass
        finally:
            await _leave(member)
        await asyncio.sleep(chance.uniform(0.1, 0.8))
    return came


async def _leave(member: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(5.0):
            await member.stop()
    except (KafkaError, OSError, TimeoutError):
        pass
