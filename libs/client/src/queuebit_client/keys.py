"""Fresh idempotency keys. This is the only file of the client that reads the wall clock and the machine's randomness."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

from queuebit_contracts.ids import uuid7


def fresh_key() -> UUID:
    """A UUIDv7 of this moment: as an idempotency key it makes the job id derivable and ordered by time."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(74))
