"""Standing probes of backends that charge: one small circuit a period, handed in through the ledger and paid once.

The key of a probe is derived from its backend and its period: however many adapters there are, and however often they start,
one is handed in. The rest is what befalls every submission. What came of it stays in the ledger as long as submissions do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_contracts.ids import derive_id
from queuebit_quantum_adapter.backends.drifting import Drift, Probed, drift_of
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.submissions.codec import decode_result, encode_request, hash_of
from queuebit_quantum_adapter.submissions.ledger import Ledger, OpenLedger
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreError
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState, probe_lineage

QUBITS, SEED = 4, 1
LOOK_S, PROBES_MAX = 60.0, 1000
"""How often it looks, and so many probes count."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probes:
    """Which backends are probed, how often, and with how many runs."""

    backends: frozenset[str] = frozenset()
    interval_s: float = 3600.0
    shots: int = 500


class Prober:
    """One of possibly many, on the ledger that they share."""

    def __init__(
        self, open_ledger: OpenLedger, specs: Iterable[BackendSpec], clock: Clock, probes: Probes, *, kept_s: float
    ) -> None:
        """`kept_s`: how long submissions stay in the ledger; later periods count. Backends that keep none are not probed."""
        self._open_ledger = open_ledger
        self._specs = [each for each in specs if each.durable and not each.annealer and each.name in probes.backends]
        self._clock = clock
        self._probes = probes
        self._kept_s = kept_s
        self._known: dict[str, dict[UUID, Probed]] = {}
        self._drifts: dict[str, Drift] = {}

    def drifts(self) -> Mapping[str, Drift]:
        """What is known of each backend that is probed."""
        return self._drifts

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. A name that is none of a backend at a provider is told once."""
        for name in sorted(self._probes.backends - {spec.name for spec in self._specs}):
            _log.error("%s is not probed: no backend at a provider that takes circuits has this name.", name)
        while self._specs and not stop.is_set():
            for spec in self._specs:
                try:
                    await self.look(spec)
                except StoreError as error:
                    _log.warning("The probes of %s could not be looked after: %s", spec.name, error)
            await wait_event(stop, self._clock, min(LOOK_S, self._probes.interval_s))
        await stop.wait()

    async def look(self, spec: BackendSpec) -> None:
        """Read what came of earlier probes, and hand in that of this period where nobody has, and none is on its way. Raises
        StoreError.
        """
        ledger, lineage = await self._open_ledger(), probe_lineage(spec.name)
        now = await ledger.submissions_now()
        rows = await ledger.submissions_of(lineage)
        key = probe_key(spec.name, self._probes.interval_s, int(now.timestamp() // self._probes.interval_s))
        if all(row.state.final and row.key != key for row in rows):
            data = encode_request(probe_of(spec, self._probes.shots))
            await ledger.intend(NewSubmission(key, key, 0, spec.name, data, hash_of(data), lineage))
        before = self._known.get(spec.name, {})
        oldest = now - timedelta(seconds=self._kept_s)
        known: dict[UUID, Probed] = {}
        for row in rows[-PROBES_MAX:]:
            if row.state is SubmissionState.CONCLUDED and row.created_at >= oldest:
                found = before.get(row.key) or await self._probed(ledger, row, spec)
                known |= {} if found is None else {row.key: found}
        self._known[spec.name] = known
        if (drift := drift_of(known.values())) is not None:
            self._drifts[spec.name] = drift

    async def _probed(self, ledger: Ledger, row: Submission, spec: BackendSpec) -> Probed | None:
        """None also for what cannot be read, as where a newer release wrote it: later probes and other backends go on."""
        data = await ledger.submission_result(row.key)
        try:
            return None if data is None else probed(row.created_at, decode_result(data).counts[0], _qubits(spec))
        except (ValueError, LookupError) as error:
            _log.warning("The probe %s of %s cannot be read: %s", row.key, spec.name, error)
            return None


def probe_key(backend: str, interval_s: float, period: int) -> UUID:
    """The key of the probe of a period: the same for every adapter that probes at this interval."""
    return derive_id(probe_lineage(backend), f"{interval_s:g}:{period}")


def probe_of(spec: BackendSpec, shots: int) -> Request:
    """A cat state, which comes out as all zeros or all ones: no transpiler takes it away, and each fault shows."""
    qubits = _qubits(spec)
    register = (Register("c", qubits),)
    chain = [Gate("cx", (place, place + 1)) for place in range(qubits - 1)]
    measured = [Measure(place, place) for place in range(qubits)]
    return Request((Bound(Circuit(qubits, register, (Gate("h", (0,)), *chain, *measured))),), (SEED,), shots)


def probed(at: datetime, counts: Mapping[int, int], qubits: int) -> Probed:
    """What the outcomes of a probe say: where nothing went wrong all its bits are equal."""
    return Probed(at, sum(counts.values()), counts.get(0, 0) + counts.get((1 << qubits) - 1, 0))


def _qubits(spec: BackendSpec) -> int:
    return min(QUBITS, spec.qubits_max)
