"""Says how each backend is, at once and then now and again, to whoever plans."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime

from queuebit_contracts.backends import BackendCapabilities, BackendDrift, CalibrationSummary
from queuebit_contracts.channels import BACKENDS, source_of
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.regions import Regions, is_allowed
from queuebit_quantum_adapter.backends.conditions import Condition, Described
from queuebit_quantum_adapter.backends.drifting import LIMIT, Drift
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.ports import Capabilities
from queuebit_runtime.bus.port import Bus, BusError, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.ids import Ids
from queuebit_runtime.waiting import wait_event

SOURCE = source_of("quantum-adapter")
INTERVAL_S = 60.0
DETAIL_MAX = 300

SILENCES_MAX = 3
"""So many looks in a row without an answer, and a backend counts as unavailable."""

Probe = Callable[[BackendSpec], Awaitable[Described]]

_log = logging.getLogger(__name__)


class BackendReporter:
    """Publishes a BackendStatusReported for each backend; the topic is compacted, so its key is the backend's name.

    A backend counts as available until a probe of it fails; it is probed at the start, and again while it fails. One at a
    provider that charges is looked at each time: it is unavailable where it says so, or has not answered for long.
    """

    def __init__(
        self,
        bus: Bus,
        backends: Backends,
        clock: Clock,
        ids: Ids,
        *,
        probe: Probe | None,
        look: Probe | None = None,
        interval_s: float = INTERVAL_S,
        drifts: Callable[[], Mapping[str, Drift]] = dict,
        regions: Regions | None = None,
    ) -> None:
        """`probe` opens a backend and raises AdapterError or PoolError where it does not work; None: none is probed. `look`
        asks one that was opened before how it is; None: none is looked at. `drifts`: what standing probes say of some.
        `regions`: where jobs may go that name none.
        """
        self._bus = bus
        self._backends = backends
        self._clock = clock
        self._ids = ids
        self._probe = probe
        self._look = look
        self._interval_s = interval_s
        self._drifts = drifts
        self._regions = regions
        self._faults: dict[str, str] = {}
        self._described: dict[str, Described] = {}
        self._silences: dict[str, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Report until `stop`. A bus that does not take a report gets the next one."""
        await self.report()
        suspects = self._backends.all() if self._probe is not None else ()
        while not stop.is_set():
            before = dict(self._faults), dict(self._described)
            for spec in suspects:
                await self._try(spec)
            if before != (self._faults, self._described):
                await self.report()
            if await wait_event(stop, self._clock, self._interval_s):
                return
            for spec in self._backends.all():
                if spec.durable and spec.name in self._described:
                    await self._look_at(spec)
            await self.report()
            suspects = tuple(spec for spec in self._backends.all() if self._is_suspect(spec))

    async def report(self) -> None:
        """Publish how every backend is now."""
        try:
            await self._bus.publish([self._record(spec) for spec in self._backends.all()])
        except BusError as error:
            _log.warning("The status of the backends could not be published: %s", error)

    async def _try(self, spec: BackendSpec) -> None:
        assert self._probe is not None
        try:
            self._described[spec.name] = await self._probe(spec)
        except (AdapterError, PoolError) as error:
            _log.warning("The backend %s does not work: %s", spec.name, error)
            self._faults[spec.name] = str(error)[:DETAIL_MAX]
        else:
            self._faults.pop(spec.name, None)
            self._silences.pop(spec.name, None)

    def _is_suspect(self, spec: BackendSpec) -> bool:
        return self._probe is not None and spec.name in self._faults and spec.name not in self._described

    async def _look_at(self, spec: BackendSpec) -> None:
        """What was known of one that does not answer stays, but for its queue."""
        if self._look is None:
            return
        try:
            self._described[spec.name] = await self._look(spec)
        except (AdapterError, PoolError) as error:
            silences = self._silences[spec.name] = self._silences.get(spec.name, 0) + 1
            _log.warning("The backend %s does not say how it is: %s", spec.name, error)
            known = self._described[spec.name]
            if known.condition is not None:
                self._described[spec.name] = replace(known, condition=replace(known.condition, queue_length=None))
            if silences >= SILENCES_MAX:
                self._faults[spec.name] = str(error)[:DETAIL_MAX]
        else:
            self._silences.pop(spec.name, None)
            self._faults.pop(spec.name, None)

    def _record(self, spec: BackendSpec) -> Outgoing:
        drift = self._drifts().get(spec.name)
        status = status_of(spec, self._described.get(spec.name), self._faults.get(spec.name), drift, self._regions)
        envelope = Envelope(id=self._ids.mint(), source=SOURCE, subject=spec.name, time=self._clock.now(), data=status)
        return Outgoing(BACKENDS, spec.name.encode(), encode_data(status), encode_headers(envelope))


def status_of(
    spec: BackendSpec,
    described: Described | None,
    fault: str | None,
    drift: Drift | None = None,
    regions: Regions | None = None,
) -> BackendStatusReported:
    """What is told of a backend: of what is not known nothing, and never 0. `fault`: why it does not work.
    `regions`: where jobs may go that name none.
    """
    can = None if described is None else described.capabilities
    now = Condition() if described is None or described.condition is None else described.condition
    calibrated_at = now.calibrated_at or spec.calibrated_at
    return BackendStatusReported(
        backend=spec.name,
        lane=spec.lane,
        available=fault is None and now.available,
        qubits_max=spec.qubits_max,
        queue_length=now.queue_length,
        calibrated_at=None if calibrated_at is None else datetime.fromisoformat(calibrated_at),
        detail=fault or now.detail[:DETAIL_MAX] or f"version {spec.version}",
        provider=spec.version,
        capabilities=None if can is None else _capabilities(can),
        calibration=None if now.calibration is None else CalibrationSummary(**asdict(now.calibration)),
        drift=None if drift is None else BackendDrift(**asdict(drift), limit=LIMIT, drifted=drift.drifted),
        region=spec.region or None,
        region_named=None if is_allowed(spec.region, regions) else True,
    )


def _capabilities(can: Capabilities) -> BackendCapabilities:
    return BackendCapabilities(
        shots_max=can.shots_max,
        circuits_max=can.circuits_max,
        noise=can.noise,
        exact=can.exact,
        estimates=can.estimates,
        repeats=can.repeats,
        annealer=can.annealer,
        recovery=can.recovery.value,
        lag_s=can.lag_s,
        mitigations=can.mitigations,
    )
