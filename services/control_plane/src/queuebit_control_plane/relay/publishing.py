"""Publishing where one record that is too large holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from queuebit_control_plane.relay.dead_letters import too_large
from queuebit_runtime.bus.port import Bus, Outgoing, RecordTooLarge
from queuebit_runtime.clock import Clock

log = logging.getLogger(__name__)


async def publish_all(bus: Bus, records: Sequence[Outgoing], clock: Clock) -> None:
    """Publish in order, with a dead letter in the place of each record that is too large for us or for the broker.

    Such a record is found by halving. Raises BusError, but not RecordTooLarge; then all must be published again.
    """
    try:
        await bus.publish(records)
    except RecordTooLarge as error:
        half = len(records) // 2
        if half:
            await publish_all(bus, records[:half], clock)
            await publish_all(bus, records[half:], clock)
        else:
            await _bury(bus, records[0], error, clock)


async def _bury(bus: Bus, record: Outgoing, error: RecordTooLarge, clock: Clock) -> None:
    headers = dict(record.headers)
    fields = {"job_id": headers.get("ce_subject", record.key)[:36].decode(errors="replace")}
    version = headers.get("ce_streamversion", b"?")[:20].decode(errors="replace")
    log.error("version %s of a job cannot be published to %s: %s", version, record.topic, error, extra=fields)
    try:
        await bus.publish([too_large(record, error, clock.now())])
    except RecordTooLarge as again:
        log.error("nor can the dead letter of version %s: %s", version, again, extra=fields)
