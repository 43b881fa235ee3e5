"""A validator and what it receives."""

from __future__ import annotations

from typing import Any

from queuebit_contracts.channels import EXECUTIONS
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.ids import derive_id
from queuebit_result_validation.consumer import Validator
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.port import Record
from queuebit_runtime.clock import SystemClock
from tests.unit.result_validation.executions import JOB_ID, NOW

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class StoppedClock(SystemClock):
    """Always NOW; monotonic time goes on."""

    def now(self) -> Any:
        return NOW


def an_envelope(data: Data, name: str = "execution") -> Envelope:
    return Envelope(
        id=derive_id(JOB_ID, name),
        source="/queuebit/classical-solver",
        subject=str(JOB_ID),
        time=NOW,
        data=data,
        tenant="acme",
        traceparent=TRACE,
    )


def received(data: Data, name: str = "execution") -> Received:
    envelope = an_envelope(data, name)
    record = Record(EXECUTIONS, 0, 0, str(JOB_ID).encode(), encode_data(data), tuple(encode_headers(envelope)))
    return Received(envelope, record)


def a_validator(bus: Any, **settings: Any) -> Validator:
    return Validator(bus, StoppedClock(), **settings)
