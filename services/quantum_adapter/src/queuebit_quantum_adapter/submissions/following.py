"""Acting on submissions that are due at one backend, whoever began them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace

from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.evidence.watch import Watch
from queuebit_quantum_adapter.ports import Provider, Recovery
from queuebit_quantum_adapter.submissions.driver import LEASE_S, Driver, terms_of
from queuebit_quantum_adapter.submissions.ledger import Ledger, OpenLedger
from queuebit_quantum_adapter.submissions.machine import Terms
from queuebit_quantum_adapter.submissions.sweeping import sweep
from queuebit_store.gates.port import USUAL

ADVANCED_MAX = 50
UNOPENED = Terms(Recovery.FENCE, 0.0)
"""Of a provider that is not asked, so that nothing else matters."""


async def advance(
    open_ledger: OpenLedger,
    spec: BackendSpec,
    opener: Callable[[], Provider],
    *,
    poll_s: float = 2.0,
    lease_s: float = LEASE_S,
    keeping: Keeping | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> int:
    """Act on what is due, so many at most; how many submissions that were. Raises AdapterError or StoreError.

    A provider that cannot be opened is one that does not answer: while its breaker is open, what was not sent ends, to go
    elsewhere, and nothing is asked.
    """
    ledger, count = await open_ledger(), 0
    owner = f"{socket.gethostname()}/{os.getpid()}"
    provider = await _opened(ledger, spec, opener, monotonic_s)
    if provider is None and (await ledger.gate(spec.name)).open_until is None:
        return 0
    unopened = replace(UNOPENED, region=spec.region)
    terms = unopened if provider is None else terms_of(provider, spec, poll_s=poll_s)
    driver = Driver(
        ledger, provider, terms, owner=owner, lease_s=lease_s, watch=Watch(keeping), monotonic_s=monotonic_s
    )
    while count < ADVANCED_MAX and await driver.advance_due(spec.name):
        count += 1
    sweep(provider, spec.name)
    return count


async def _opened(
    ledger: Ledger, spec: BackendSpec, opener: Callable[[], Provider], monotonic_s: Callable[[], float]
) -> Provider | None:
    gate, now = await ledger.gate(spec.name), await ledger.submissions_now()
    if gate.open_until is not None and gate.open_until > now:
        return None
    began_s = monotonic_s()
    try:
        return opener()
    except AdapterError as error:
        if not error.transient:
            raise
        await ledger.note_silence(spec.name, USUAL, USUAL.weight(monotonic_s() - began_s))
        return None
