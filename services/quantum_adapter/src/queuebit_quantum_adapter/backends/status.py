"""Says how each backend is, at once and then now and again, to whoever plans."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from queuebit_contracts.channels import BACKENDS, source_of
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import BackendStatusReported
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_runtime.bus.port import Bus, BusError, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.ids import Ids
from queuebit_runtime.waiting import wait_event

SOURCE = source_of("quantum-adapter")
INTERVAL_S = 60.0

Probe = Callable[[BackendSpec], Awaitable[None]]

_log = logging.getLogger(__name__)


class BackendReporter:
    """Publishes a BackendStatusReported for each backend; the topic is compacted, so its key is the backend's name.

    A backend counts as available until a probe of it fails; it is probed at the start, and again while it fails.
    """

    def __init__(
        self,
        bus: Bus,
        backends: Backends,
        clock: Clock,
        ids: Ids,
        *,
        probe: Probe | None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`probe` opens a backend and raises AdapterError or PoolError where it does not work; None: none is probed."""
        self._bus = bus
        self._backends = backends
        self._clock = clock
        self._ids = ids
        self._probe = probe
        self._interval_s = interval_s
        self._faults: dict[str, str] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Report until `stop`. A bus that does not take a report gets the next one."""
        await self.report()
        suspects = self._backends.all() if self._probe is not None else ()
        while not stop.is_set():
            before = dict(self._faults)
            for spec in suspects:
                await self._try(spec)
            if before != self._faults:
                await self.report()
            if await wait_event(stop, self._clock, self._interval_s):
                return
            await self.report()
            suspects = tuple(spec for spec in self._backends.all() if spec.name in self._faults)

    async def report(self) -> None:
        """Publish how every backend is now."""
        try:
            await self._bus.publish([self._record(spec) for spec in self._backends.all()])
        except BusError as error:
            _log.warning("The status of the backends could not be published: %s", error)

    async def _try(self, spec: BackendSpec) -> None:
        assert self._probe is not None
        try:
            await self._probe(spec)
        except (AdapterError, PoolError) as error:
            _log.warning("The backend %s does not work: %s", spec.name, error)
            self._faults[spec.name] = str(error)[:300]
        else:
            self._faults.pop(spec.name, None)

    def _record(self, spec: BackendSpec) -> Outgoing:
        fault = self._faults.get(spec.name)
        status = BackendStatusReported(
            backend=spec.name,
            lane=spec.lane,
            available=fault is None,
            qubits_max=spec.qubits_max,
            calibrated_at=None if spec.calibrated_at is None else datetime.fromisoformat(spec.calibrated_at),
            detail=fault or f"version {spec.version}",
        )
        envelope = Envelope(id=self._ids.mint(), source=SOURCE, subject=spec.name, time=self._clock.now(), data=status)
        return Outgoing(BACKENDS, spec.name.encode(), encode_data(status), encode_headers(envelope))
