"""What is heard of backends: told to whoever plans, and kept where lists can read it, at a bounded rate."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from queuebit_contracts import channels
from queuebit_contracts.backends import BACKEND_NAME_MAX
from queuebit_contracts.envelope import Envelope, encode_data
from queuebit_contracts.events import BackendStatusReported
from queuebit_domain.holds.lanes import Lanes
from queuebit_runtime.bus.decoding import Item, Received, subscribe_decoded
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock
from queuebit_store.backends.port import BackendReports, ReportedBackend
from queuebit_store.errors import StoreError

INTERVAL = timedelta(seconds=15)
"""What has not changed is kept no more often than this, however many adapters report it."""
REPORT_BYTES_MAX = 16_384
log = logging.getLogger(__name__)


class ReportListener:
    """Every instance hears every report. One that could not be kept is replaced by the next: they come every minute. An adapter
    whose clock is ahead reports as of now: else its backends would count as there for as long after it has gone.
    """

    def __init__(self, bus: Bus, lanes: Lanes, store: BackendReports, clock: Clock) -> None:
        self._bus = bus
        self._lanes = lanes
        self._store = store
        self._clock = clock
        self._kept: dict[str, ReportedBackend] = {}

    def subscribe(self, group: str) -> None:
        """Hear the reports from the oldest that the topic still has."""
        subscribe_decoded(
            self._bus, topics=(channels.BACKENDS,), group=group, handle=self.hear, broadcast=True, from_start=True
        )

    async def hear(self, items: Sequence[Item]) -> None:
        """How the backends are."""
        envelopes, now = [item.envelope for item in items if isinstance(item, Received)], self._clock.now()
        for envelope in envelopes:
            if isinstance(envelope.data, BackendStatusReported):
                self._lanes.report(envelope.data, min(envelope.time, now))
        await self._keep(envelopes, now)

    async def _keep(self, envelopes: Collection[Envelope], now: datetime) -> None:
        """What is new in them. An outage of the store is logged and goes by."""
        found = filter(None, (_report(each, now) for each in envelopes))
        reports = {each.backend: each for each in sorted(found, key=lambda each: each.reported_at)}
        fresh = {name: each for name, each in reports.items() if self._is_new(each)}
        if not fresh:
            return
        try:
            await self._store.keep_reports(list(fresh.values()))
        except StoreError as error:
            log.warning("how the backends are could not be kept: %s", error)
        else:
            self._kept |= fresh

    def _is_new(self, report: ReportedBackend) -> bool:
        known = self._kept.get(report.backend)
        if known is None:
            return True
        age = report.reported_at - known.reported_at
        return age >= INTERVAL or (age > timedelta(0) and report.status != known.status)


def _report(envelope: Envelope, now: datetime) -> ReportedBackend | None:
    data = envelope.data
    if not isinstance(data, BackendStatusReported) or not 0 < len(data.backend) <= BACKEND_NAME_MAX:
        return None
    text = encode_data(data)
    if len(text) > REPORT_BYTES_MAX:
        log.warning("the report of the backend %s is of %d bytes and is not kept", data.backend, len(text))
        return None
    return ReportedBackend(data.backend, min(envelope.time, now), json.loads(text))
