"""What came of orders is published, however often it takes, before the orders are done."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from queuebit_contracts.events import JobStarted
from queuebit_runtime.bus.port import Bus, BusError, Outgoing, RecordTooLarge
from queuebit_runtime.bus.record_size import check_size
from queuebit_runtime.clock import Clock
from queuebit_runtime.retry import Backoff
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.worker.attempts import Outcome, count_attempts
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.reports import progressed, too_large

_log = logging.getLogger(__name__)


class Results:
    """Publishes outcomes."""

    def __init__(self, bus: Bus, clock: Clock, backoff: Backoff, telemetry: Telemetry) -> None:
        self._bus = bus
        self._clock = clock
        self._backoff = backoff
        self._telemetry = telemetry

    async def started(self, works: Sequence[Work], worker: str) -> None:
        """Say so at once, and once: where it is lost, the result tells when they started."""
        now = self._clock.now()
        records = [
            work.report.record(
                JobStarted(attempt_id=work.order.attempt_id, leg=work.order.leg, worker=worker, started_at=now), now
            )
            for work in works
        ]
        try:
            await self._bus.publish(records)
        except BusError:
            _log.info("The start of %d attempts was not published.", len(works), extra=fields_of(works))

    async def waiting(self, works: Sequence[Work]) -> None:
        """Say of those that have begun and are to run alone, one after the other, when each will be heard of at the latest:
        none is to be taken for lost meanwhile.
        """
        if not works:
            return
        now, within_s = self._clock.now(), 0.0
        records = []
        for work in works:
            within_s += work.order.budget_s
            sign = progressed(work.order, 0.0, "It waits to run alone.", next_within_s=within_s)
            records.append(work.report.record(sign, now, 0))
        try:
            await self._bus.publish(records)
        except BusError:
            _log.info("That %d attempts wait to run alone was not published.", len(works), extra=fields_of(works))

    async def publish(self, results: list[tuple[Work, Outcome]]) -> None:
        """Return when all are acknowledged. An answer that no record can hold becomes a failure that says so."""
        now = self._clock.now()
        records = [record_of(work, outcome, now) for work, outcome in results]
        attempt = 0
        while True:
            try:
                await self._bus.publish(records)
            except RecordTooLarge:
                records = [work.report.record(too_large(work.order), self._clock.now()) for work, _ in results]
                if len(results) > 1:
                    for result in results:
                        await self.publish([result])
                    return
            except BusError:
                attempt += 1
                _log.warning(
                    "The results of %d orders were not published; they are sent again.",
                    len(records),
                    extra=fields_of([work for work, _ in results]),
                )
                await self._clock.sleep(self._backoff.delay_s(attempt, 1.0) or self._backoff.ceiling_s)
            else:
                count_attempts(self._telemetry, (outcome for _, outcome in results))
                return


def fields_of(works: Sequence[Work]) -> dict[str, str | None]:
    """What a log line about several orders carries: the job where it is one."""
    return works[0].report.log_fields if len(works) == 1 else {}


def record_of(work: Work, outcome: Outcome, now: datetime) -> Outgoing:
    """The record that tells the outcome; where no record can hold it, one that says so."""
    record = work.report.record(outcome, now)
    try:
        check_size(record)
    except RecordTooLarge:
        return work.report.record(too_large(work.order), now)
    return record
