"""Which backends each lane has, as the adapters reported it last on their compacted topic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from queuebit_contracts.channels import BACKENDS
from queuebit_contracts.envelope import decode
from queuebit_contracts.errors import ContractError
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.jobs import Lane
from queuebit_domain.holds.lanes import Lanes
from queuebit_operations.records.port import Records


async def known_backends(records: Records, now: datetime) -> Mapping[Lane, frozenset[str]]:
    """The backends that are available now. Raises BusError."""
    lanes = Lanes()
    async for some in records.read(await records.spans([BACKENDS])):
        for record in some:
            try:
                envelope = decode(record.headers, record.value)
            except ContractError:
                continue
            if isinstance(envelope.data, BackendStatusReported):
                lanes.report(envelope.data, envelope.time)
    return lanes.backends(now)
