"""Tells what submissions used that no outcome of an attempt has told: of those that were cancelled and ran nevertheless, of
attempts that failed, and what a provider said only later. A job hears of it also after its end, and books it once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from queuebit_contracts.channels import EXECUTIONS, source_of
from queuebit_contracts.envelope import binary_headers, encode_data, rfc3339
from queuebit_contracts.events import LateUsageReported
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Usage
from queuebit_contracts.registry import type_bytes_of
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.submissions.ledger import Ledger
from queuebit_quantum_adapter.submissions.packed import ToldAs
from queuebit_quantum_adapter.submissions.used import Asked, Used
from queuebit_runtime.bus.port import Bus, BusError, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.processes.pool import Pool
from queuebit_store.attempts.port import Charge, Use

USED = "queuebit_quantum_adapter.shell.child:used"
CALL_TIMEOUT_S = 120.0
LOOK_S = 60.0
BATCH_MAX = 20
SETTLED_S = 600.0
"""So long after the last try has ended a further one is not waited for. Where one comes nevertheless, it tells the rest."""
DETAIL_MAX = 300
_NOTHING = Usage()

_log = logging.getLogger(__name__)


class Accountant:
    """Looks every LOOK_S, and at once again where a batch was full."""

    def __init__(
        self, bus: Bus, pool: Pool, clock: Clock, specs: Iterable[BackendSpec], *, settled_s: float = SETTLED_S
    ) -> None:
        self._bus = bus
        self._pool = pool
        self._clock = clock
        self._specs = {spec.name: spec for spec in specs if spec.durable}
        self._settled_s = settled_s
        self._next_s = float("-inf")

    async def tell(self, ledger: Ledger) -> None:
        """Where it is time. Raises StoreError."""
        if self._clock.monotonic_s() < self._next_s:
            return
        before = await ledger.attempts_now() - timedelta(seconds=self._settled_s)
        charges = await ledger.claim_charges(list(self._specs), before, BATCH_MAX)
        for charge in charges:
            if await self._is_told(ledger, charge):
                await ledger.settle_charge(charge.key)
        self._next_s = self._clock.monotonic_s() + (0.0 if len(charges) == BATCH_MAX else LOOK_S)

    async def _is_told(self, ledger: Ledger, charge: Charge) -> bool:
        """Whether all that it used was told, now or before; what is not is looked at again."""
        if charge.told is not None:
            return await self._is_published(charge, Usage(qpu_s=charge.told.qpu_s, shots=charge.told.shots))
        if charge.attempt_id is None or charge.told_as is None:
            _log.info("What %s at %s used is told to no job: it was handed in for none that is known.", *_named(charge))
            return True
        asked = Asked(self._specs[charge.backend], charge.key, charge.provider_id)
        try:
            used = await self._pool.run(USED, asked, timeout_s=CALL_TIMEOUT_S)
        except PoolError as error:
            _log.warning("What %s used at %s is not known yet: %s", charge.provider_id, charge.backend, error)
            return False
        if used is None:
            return False
        assert isinstance(used, Used)
        untold = used.untold(counted=charge.counted)
        if untold == _NOTHING:
            return True
        if not await ledger.note_late(charge, Use(untold.qpu_s, untold.shots)):
            return False
        return await self._is_published(charge, untold)

    async def _is_published(self, charge: Charge, untold: Usage) -> bool:
        if charge.told_as is None:
            _log.warning("Nobody knows any more whose submission %s at %s was.", *_named(charge))
            return True
        try:
            await self._bus.publish([self._record(charge, untold, ToldAs.decode(charge.told_as))])
        except BusError as error:
            _log.warning("What was used and is known late was not published; it is told again: %s", error)
            return False
        return True

    def _record(self, charge: Charge, untold: Usage, told_as: ToldAs) -> Outgoing:
        assert charge.attempt_id is not None
        report_id = derive_id(charge.key, "late usage")
        event = LateUsageReported(
            report_id=report_id,
            attempt_id=charge.attempt_id,
            leg=told_as.leg,
            came="answer" if charge.concluded and not charge.counted else "usage",
            usage=untold,
            backend=charge.backend,
            submission=charge.provider_id,
            detail=charge.detail[:DETAIL_MAX],
        )
        headers = binary_headers(
            report_id,
            source_of("quantum-adapter"),
            type_bytes_of(LateUsageReported),
            told_as.job,
            rfc3339(self._clock.now()),
            tenant=told_as.tenant,
            version=None,
            traceparent=told_as.traceparent,
        )
        return Outgoing(EXECUTIONS, told_as.job.encode(), encode_data(event), headers)


def _named(charge: Charge) -> tuple[str, str]:
    return charge.provider_id, charge.backend
