"""From records to envelopes: what can be read goes to the handler, poison goes to the dead letters, and the stream goes on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Required, TypedDict, Unpack
from uuid import UUID

from pydantic_core import from_json, to_json

from queuebit_contracts.attributes import known_headers, malformed
from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.commands import CancelJob, DecidePlan
from queuebit_contracts.envelope import Envelope, decode
from queuebit_contracts.errors import ContractError, FieldError, InvalidData, MalformedEnvelope, UnknownType
from queuebit_contracts.events import BackendStatusReported, JobSubmitted, OutcomeReported, SupersessionRequested
from queuebit_contracts.structured import ATTRIBUTES_READ, is_structured
from queuebit_runtime.bus.batches import gathered, opened, place_of
from queuebit_runtime.bus.dead_letters.burial import DeadLetters
from queuebit_runtime.bus.dead_letters.letter import Origin
from queuebit_runtime.bus.dead_letters.sequences import StillOpen
from queuebit_runtime.bus.port import Bus, Delivery, Outgoing, Record, Subscription

_log = logging.getLogger(__name__)
_ABOUT_NO_JOB = (JobSubmitted, BackendStatusReported)
"""Their subject need not be a job id."""
_OF_ITS_TENANT = frozenset({CancelJob, DecidePlan, OutcomeReported, SupersessionRequested})
"""Only the tenant of a job may say this of it."""
_REMEDY = "Send CloudEvents 1.0 as schemas/asyncapi.json describes it."


class Received(NamedTuple):
    """A message that keeps its contract, and the record that brought it."""

    envelope: Envelope
    record: Record


@dataclass(frozen=True, slots=True)
class Refused:
    """A question whose envelope is sound and whose data is not: its sender can be told.

    All but `error` and `record` are as an `Envelope` has them.
    """

    id: UUID
    source: str
    subject: str
    time: datetime
    tenant: str | None
    traceparent: str | None
    error: InvalidData
    record: Record
    given_id: str | None = None
    correlation_id: str | None = None


Item = Received | Refused
Handle = Callable[[Sequence[Item]], Awaitable[None]]
OpenHandle = Callable[[Sequence[Item], Delivery], Awaitable[None]]
First = Callable[[Delivery], Awaitable[Sequence[Record]]]


def read(record: Record, *, refusals: bool, replays: bool) -> Item | None:
    """Read one record; None for a replay that nobody asked for. Raises ContractError for poison.

    The statement of a large one stays text: see queuebit_contracts.statement_text.
    """
    headers = dict(record.headers)
    if not replays and "ce_replayid" in headers:
        return None
    try:
        envelope = decode(headers, record.value, timestamp_ms=record.timestamp_ms, text=True)
    except InvalidData as error:
        refused = refused_of(record, error) if refusals else None
        if refused is None:
            raise
        return refused
    if not replays and envelope.replay_id is not None:
        return None
    channel = BY_TOPIC.get(record.topic)
    if channel is not None and type(envelope.data) not in channel.messages:
        raise UnknownType(
            f"{envelope.type} does not belong on {record.topic}.",
            remedy=f"Publish there only: {', '.join(model.__name__ for model in channel.messages)}.",
            fields=(FieldError("/ce_type", "wrong_topic", f"does not belong on {record.topic}"),),
        )
    if type(envelope.data) not in _ABOUT_NO_JOB:
        _ = envelope.job_id
    if envelope.tenant is None and type(envelope.data) in _OF_ITS_TENANT:
        raise malformed("ce_tenant", "is missing: only the tenant of a job may say this of it")
    return Received(envelope, record)


class Reading(TypedDict, total=False):
    """How to read. `batch_max` to `overlap`: see Subscription. `letters` takes what cannot be read; without, it is only logged,
    as suits a broadcast, which every instance reads.

    With `refusals`, a JobSubmitted with a sound envelope and unsound data reaches the handler as Refused; with `replays`,
    records of a replay do too. `first` is shown each delivery before anything of it is read, and returns what is to be read.
    """

    topics: Required[tuple[str, ...]]
    group: Required[str]
    letters: DeadLetters | None
    refusals: bool
    replays: bool
    broadcast: bool
    from_start: bool
    from_age_s: float | None
    caught_up: Callable[[], None] | None
    batch_max: int
    in_flight_max: int
    overlap: int
    first: First


def subscribe_decoded(bus: Bus, handle: Handle, **reading: Unpack[Reading]) -> None:
    """Subscribe `handle` to what can be read on the topics.

    When `handle` returns, the whole batch is done; when it raises, the bus delivers the batch again. Poison goes to the dead
    letters first.
    """

    async def handle_all(items: Sequence[Item], delivery: Delivery) -> None:
        if items:
            await handle(items)
        delivery.done_all()

    subscribe_open(bus, handle_all, **reading)


def subscribe_open(bus: Bus, handle: OpenHandle, **reading: Unpack[Reading]) -> None:
    """As `subscribe_decoded`, but `handle` itself says what is done, at once or later: of every record of the delivery, also of
    those that it is not shown because they are poison or of a replay.
    """
    letters = reading.get("letters")
    refusals, replays = reading.get("refusals", False), reading.get("replays", False)
    batch_max = reading.get("batch_max", 500)
    first = reading.get("first")

    async def on_delivery(delivery: Delivery) -> None:
        if letters is not None:
            await letters.wait_known()
        for part in opened(delivery, batch_max):
            records = await first(part) if first is not None else part.records
            items, dead = sort_out(records, letters, refusals=refusals, replays=replays)
            if letters is not None:
                await letters.bury(gathered(dead, part) if dead else (), open_in(part))
            await handle(items, part)

    bus.subscribe(
        Subscription(
            topics=reading["topics"],
            group=reading["group"],
            handler=on_delivery,
            batch_max=batch_max,
            in_flight_max=reading.get("in_flight_max", 2000),
            broadcast=reading.get("broadcast", False),
            from_start=reading.get("from_start", False),
            from_age_s=reading.get("from_age_s"),
            caught_up=reading.get("caught_up"),
            overlap=reading.get("overlap", 1),
        )
    )


def open_in(delivery: Delivery) -> StillOpen:
    """Says of a record whether it is still open in the delivery."""

    def still_open(origin: Origin) -> bool:
        return any(place_of(each) == origin and delivery.wanted(each) for each in delivery.records)

    return still_open


def sort_out(
    records: Sequence[Record], letters: DeadLetters | None, *, refusals: bool = False, replays: bool = False
) -> tuple[list[Item], list[Outgoing]]:
    """What can be read, and the dead letters of what cannot and of what has to wait behind those. `letters` buries them."""
    items: list[Item] = []
    dead: list[Outgoing] = []
    behind: set[int] = set()
    looks = letters is not None and letters.some_wait
    for record in records:
        if looks and letters is not None and (waiting := letters.waits(record)) is not None:
            dead.append(waiting)
            behind.add(id(record))
            continue
        try:
            item = read(record, refusals=refusals, replays=replays)
        except ContractError as error:
            _set_aside(record, error, error, letters, dead)
            looks = True
        except Exception as error:
            # Nothing in one record may stop the stream, whatever the parser raised.
            unreadable = MalformedEnvelope(f"The record cannot be read: {type(error).__name__}.", remedy=_REMEDY)
            _set_aside(record, unreadable, error, letters, dead)
            looks = True
        else:
            if item is not None:
                items.append(item)
    if letters is not None:
        letters.read([each for each in records if id(each) not in behind] if behind else records)
    return items, dead


def _set_aside(
    record: Record, error: ContractError, cause: Exception, letters: DeadLetters | None, dead: list[Outgoing]
) -> None:
    if letters is None:
        _log.warning("Poison at %s/%d@%d: %s", record.topic, record.partition, record.offset, error.code)
    else:
        dead.append(letters.fail(record, error, cause))


def refused_of(record: Record, error: InvalidData) -> Refused | None:
    """The question as far as its envelope tells, or None where it is no question of a sound envelope."""
    try:
        envelope = _with_placeholder(record)
    except Exception:
        return None
    if not isinstance(envelope.data, JobSubmitted):
        return None
    return Refused(
        id=envelope.id,
        source=envelope.source,
        subject=envelope.subject,
        time=envelope.time,
        tenant=envelope.tenant,
        traceparent=envelope.traceparent,
        error=error,
        record=record,
        given_id=envelope.given_id,
        correlation_id=envelope.correlation_id,
    )


def _with_placeholder(record: Record) -> Envelope:
    """The same envelope around data that is valid for sure: so that an envelope is judged by one rule only."""
    placeholder = {"request": {"tenant": "placeholder", "problem": {"kind": "placeholder", "statement": {}}}}
    headers = known_headers(dict(record.headers))
    if is_structured(headers):
        document = {name: said for name, said in from_json(record.value or b"").items() if name in ATTRIBUTES_READ}
        value = to_json({**document, "data": placeholder})
    else:
        value = to_json(placeholder)
    return decode(headers, value, timestamp_ms=record.timestamp_ms)
