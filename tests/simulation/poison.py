"""Records that nobody can read, of every kind that a topic may hold, each marked so that it is known again."""

from __future__ import annotations

from random import Random
from typing import Any, cast
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.channels import Service
from queuebit_contracts.ids import uuid7
from queuebit_runtime.bus.port import Outgoing, Record

MARK = "poison-"
MARK_HEADER = "x-mark"

READERS: dict[str, tuple[Service, ...]] = {
    channels.SUBMITTED: ("control-plane",),
    channels.ADMITTED: ("control-plane",),
    channels.EXECUTIONS: ("control-plane", "result-validation"),
    channels.VALIDATIONS: ("control-plane",),
    channels.CONTROL: ("control-plane",),
    channels.queued("classical", "interactive"): ("classical-solver",),
    channels.queued("classical", "batch"): ("classical-solver",),
    channels.queued("quantum", "interactive"): ("quantum-adapter",),
}
"""Who must set aside what it cannot read of a topic. Readers of a broadcast only log it."""

FOLLOWED = (channels.CONTROL, channels.EXECUTIONS)
"""Where what follows poison of its key is sound."""

_TYPE = "io.queuebit.ExecutionFailed.v1"
_OTHER_TYPE = "io.queuebit.JobPlanned.v1"


def poison_headers(
    event_id: UUID, ce_type: str, subject: str, source: str = "/upstream", time: str = "2026-01-01T00:00:00Z"
) -> list[tuple[str, bytes]]:
    """The headers of a sound envelope from upstream."""
    return [
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
        ("ce_id", str(event_id).encode()),
        ("ce_source", source.encode()),
        ("ce_type", ce_type.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time.encode()),
    ]


def poison_record(random: Random, event_id: UUID, mark: str) -> Outgoing:
    """One of them, on one of the topics."""
    topic = random.choice(list(READERS))
    good = poison_headers(event_id, _TYPE, str(event_id))
    headers, value = random.choice(
        (
            (good, b'{"attempt_id": '),
            (good, b"{}"),
            (good, b"[1, NaN]"),
            (good, b"\xff\xfe"),
            (good, None),
            ([], b"hello"),
            ([*good, ("ce_tenant", b"\xff")], b"{}"),
            (poison_headers(event_id, "io.queuebit.Unheard.v9", str(event_id)), b"{}"),
            (poison_headers(event_id, _OTHER_TYPE, str(event_id)), b'{"plan": "x"}'),
            ([each for each in good if each[0] != "ce_id"], b"{}"),
            ([("content-type", b"application/cloudevents+json")], b'{"specversion": "0.3"}'),
        )
    )
    marked = [*headers, (MARK_HEADER, mark.encode())]
    return Outgoing(topic, random.randbytes(4), cast(Any, value), marked)


def follower_record(random: Random, event_id: UUID, topic: str, key: bytes, mark: str) -> Outgoing:
    """A sound record that comes after poison of the same key, about a job that nobody knows."""
    subject = str(uuid7(0, random.getrandbits(74)))
    if topic == channels.CONTROL:
        headers = [*poison_headers(event_id, "io.queuebit.CancelJob.v1", subject), ("ce_tenant", b"acme")]
        value = b'{"actor": "acme", "reason": "changed my mind"}'
    else:
        headers = poison_headers(event_id, _TYPE, subject)
        value = b'{"attempt_id": "%s", "leg": "primary-quantum", "code": "no_backend"}' % subject.encode()
    return Outgoing(topic, key, value, [*headers, (MARK_HEADER, mark.encode())])


def mark_of(record: Record) -> str | None:
    """The mark of a record, where it has one."""
    return next((value.decode() for name, value in record.headers if name == MARK_HEADER), None)
