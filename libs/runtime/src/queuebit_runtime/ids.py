"""Fresh ids and seeds as a port. This is the only file that reads the machine's randomness."""

from __future__ import annotations

import random
import secrets
from typing import Protocol
from uuid import UUID

from queuebit_contracts.ids import uuid7
from queuebit_runtime.clock import Clock


class Ids(Protocol):
    """Mints ids that nobody has seen."""

    def mint(self) -> UUID: ...


class SystemIds:
    """UUIDv7 from the clock and the machine's randomness."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def mint(self) -> UUID:
        return uuid7(int(self._clock.now().timestamp() * 1000), secrets.randbits(74))


class SeededIds:
    """UUIDv7 from a clock and a seed: the same calls give the same ids."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)

    def mint(self) -> UUID:
        return uuid7(int(self._clock.now().timestamp() * 1000), self._random.getrandbits(74))


def fresh_random() -> random.Random:
    """A generator that nobody can repeat: for jitter."""
    return random.SystemRandom()
