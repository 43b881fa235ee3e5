"""Acting on submissions that are due at one backend, whoever began them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from queuebit_quantum_adapter.ports import Provider
from queuebit_quantum_adapter.submissions.driver import LEASE_S, Driver, terms_of
from queuebit_quantum_adapter.submissions.ledger import OpenLedger

ADVANCED_MAX = 50


async def advance(
    open_ledger: OpenLedger,
    backend: str,
    opener: Callable[[], Provider],
    *,
    poll_s: float = 2.0,
    lease_s: float = LEASE_S,
) -> int:
    """Act on what is due, so many at most; how many submissions that were. Raises AdapterError or StoreError."""
    ledger, provider, count = await open_ledger(), opener(), 0
    owner = f"{socket.gethostname()}/{os.getpid()}"
    driver = Driver(ledger, provider, terms_of(provider, poll_s=poll_s), owner=owner, lease_s=lease_s)
    while count < ADVANCED_MAX and await driver.advance_due(backend):
        count += 1
    return count
