"""Corruptions of a store and of its topics: each plants one, and says what must be found of it and where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.errors import MalformedEnvelope
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_control_plane.relay.relay import records_of
from queuebit_runtime.bus.dead_letters.letter import Origin, dead_letter_of
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_record
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Outgoing, Record
from queuebit_runtime.clock import SystemClock
from queuebit_store.ports import Position, Reservation
from tests.builders import NOW, a_submit
from tests.fakes.histories import LEG, a_job_id, answered, tell_jobs
from tests.integration.operations.world import World

Expected = tuple[str, str]
"""The name of the check, and the job or place that it must name."""
Plant = Callable[[World, UUID], Awaitable[Expected]]


def sql(check: str, *statements: str) -> Plant:
    """A corruption of the rows of one job: `$1` is its id."""

    async def plant(world: World, job_id: UUID) -> Expected:
        for statement in statements:
            await world.admin.execute(statement, *([job_id] if "$1" in statement else []))
        return check, str(job_id)

    return plant


HEAD = "UPDATE stream SET {} WHERE stream_id = $1"
EVENT = "UPDATE event SET {} WHERE stream_id = $1 AND version = {}"
COPY = """INSERT INTO event (
    epoch, xid, stream_id, version, schema_version, event_id, time, category, tenant, type, data
)
SELECT epoch, xid, stream_id, {}, schema_version, gen_random_uuid(), time, category, tenant, type, data
FROM event WHERE stream_id = $1 AND version = {}"""

ENDED: dict[str, Plant] = {
    "an event in the middle is gone": sql("version_gap", "DELETE FROM event WHERE stream_id = $1 AND version = 3"),
    "the last event is gone": sql("head_version", "DELETE FROM event WHERE stream_id = $1 AND version = 7"),
    "the head is gone": sql("events_without_head", "DELETE FROM stream WHERE stream_id = $1"),
    "all events are gone": sql("head_without_events", "DELETE FROM event WHERE stream_id = $1"),
    "the head has another state": sql("head_differs", HEAD.format("state = 'running'")),
    "the head would wake an ended job": sql("head_differs", HEAD.format("wake_at = now() + interval '1 day'")),
    "the head began at another time": sql("head_times", HEAD.format("created_at = created_at - interval '1 s'")),
    "the data of an event are cut": sql("unreadable_event", EVENT.format("data = '{}'", 5)),
    "the type of an event is unknown": sql("unreadable_event", EVENT.format("type = 'JobVanished'", 4)),
    "an event follows the end": sql("after_end", COPY.format(8, 7), HEAD.format("version = 8")),
    "a submission stands in the middle": sql(
        "illegal_transition",
        EVENT.format("(type, data) = (SELECT type, data FROM event WHERE stream_id = $1 AND version = 1)", 4),
    ),
    "two events have one id": sql(
        "duplicate_event_id",
        EVENT.format("event_id = (SELECT event_id FROM event WHERE stream_id = $1 AND version = 5)", 6),
    ),
    "an attempt has the wrong number": sql(
        "foreign_attempt", EVENT.format("""data = replace(data::text, '"number":1', '"number":2')::json""", 3)
    ),
    "the answer is another": sql(
        "answer_differs", EVENT.format("""data = replace(data::text, '"side":[0,1', '"side":[1,1')::json""", 7)
    ),
    "an event is another tenant's": sql("foreign_tenant", EVENT.format("tenant = 'globex'", 5)),
    "the first version comes third": sql(
        "position_order", EVENT.format("seq = (SELECT max(seq) + 100000 FROM event)", 1)
    ),
    "an event is of an epoch to come": sql("epoch_ahead", EVENT.format("epoch = 2", 7)),
    "an event is of a transaction to come": sql("future_transaction", EVENT.format("xid = '1099511627776'", 7)),
}
"""What is done to a job that ended, and was published."""


async def twice_started(world: World, job_id: UUID) -> Expected:
    await world.admin.execute(COPY.format(5, 4), job_id)
    await world.admin.execute(HEAD.format("version = 5"), job_id)
    return "told_twice", str(job_id)


async def left_behind(_world: World, job_id: UUID) -> Expected:
    """An open job of long ago: its moment has passed."""
    return "timer_overdue", str(job_id)


OPEN: dict[str, Plant] = {"an attempt started twice": twice_started, "nobody looked at a job": left_behind}
"""What is done to a job that has begun and not ended."""


async def never_published(_world: World, job_id: UUID) -> Expected:
    return "not_published", str(job_id)


async def published_backwards(world: World, job_id: UUID) -> Expected:
    await world.publish([*reversed(await world.events(job_id))])
    return "published_out_of_order", str(job_id)


async def published_by_nobody(world: World, job_id: UUID) -> Expected:
    """A whole record of a job that the store has never heard of."""
    stranger = a_job_id(999)
    event = (await world.events(job_id))[-1]._replace(stream_id=stranger, id=derive_id(stranger, "event:7"))
    await world.publish([event])
    return "not_committed", str(stranger)


async def published_beside_its_key(world: World, job_id: UUID) -> Expected:
    """As `published_by_nobody`, where another share of the jobs reads: on a partition that belongs to other keys."""
    stranger = a_job_id(998)
    event = (await world.events(job_id))[-1]._replace(stream_id=stranger, id=derive_id(stranger, "event:7"))
    (record,) = (each for each in records_of([event], NOW) if each.topic == channels.LIFECYCLE)
    partitions = channels.BY_TOPIC[channels.LIFECYCLE].partitions
    await world.say_at((partition_of(record.key, partitions) + 1) % partitions, record)
    return "not_committed", str(stranger)


async def published_with_other_content(world: World, job_id: UUID) -> Expected:
    (event, *_) = (each for each in await world.events(job_id) if each.type == "JobCompleted")
    await world.publish([event._replace(data=event.data.replace('"objective":6', '"objective":7'))])
    return "published_differs", str(job_id)


async def published_elsewhere(world: World, job_id: UUID) -> Expected:
    event = (await world.events(job_id))[-1]
    await world.say(channels.FAILED, records_of([event], NOW)[0])
    return "published_elsewhere", str(job_id)


async def restored_to_before(world: World, job_id: UUID) -> Expected:
    await world.admin.execute("DELETE FROM event WHERE stream_id = $1 AND version > 3", job_id)
    await world.admin.execute(HEAD.format("version = 3, state = 'queued'"), job_id)
    return "kafka_ahead", str(job_id)


async def key_for_other_content(world: World, job_id: UUID) -> Expected:
    await world.store.reserve([Reservation("acme", "key", job_id, "of something else", NOW)])
    return "key_of_another_job", str(job_id)


_places = count()


async def set_aside(world: World, job_id: UUID, cause: str) -> Origin:
    """An hour ago, the report that the events with this cause follow from: where it lay."""
    origin = Origin(channels.EXECUTIONS, 0, next(_places))
    record = Record(*origin, str(job_id).encode(), b"{}", (("ce_id", str(derive_id(job_id, cause)).encode()),))
    error = MalformedEnvelope("Nobody could read it.", remedy="Mend it.")
    at = SystemClock().now() - timedelta(hours=1)
    await world.bus.publish([dead_letter_of(record, error, "control-plane", "control-plane", at)])
    return origin


async def applied_though_set_aside(world: World, job_id: UUID) -> Expected:
    await set_aside(world, job_id, "message 2")
    await world.admin.execute(
        "UPDATE event SET recorded_at = now() - interval '10 minutes' WHERE stream_id = $1 AND version = 5", job_id
    )
    return "applied_though_set_aside", str(job_id)


async def applied_twice(world: World, job_id: UUID) -> Expected:
    origin = await set_aside(world, job_id, "message 1")
    key = str(job_id).encode()
    mark = Mark("redriven", "alice", "mended", SystemClock().now(), origin, key, sent_at_offset=9, redrive="of today")
    await world.bus.publish([mark_record(mark, "control-plane")])
    await world.admin.execute(EVENT.format("causation_id = $2", 6), job_id, derive_id(job_id, "message 1"))
    return "applied_twice", str(job_id)


PUBLISHED: dict[str, Plant] = {
    "a record has no event": published_by_nobody,
    "a record is on the partition of others": published_beside_its_key,
    "a record says something else": published_with_other_content,
    "a record is on another topic": published_elsewhere,
    "the store was restored to before": restored_to_before,
    "a key stands for other content": key_for_other_content,
    "what lies among the dead letters was applied": applied_though_set_aside,
    "what was sent again was applied twice": applied_twice,
}
"""What is done beside a job that ended, and was published."""
ENDED_JOBS = len(ENDED) + len(PUBLISHED)
UNPUBLISHED: dict[str, Plant] = {
    "the relay skipped a job": never_published,
    "the relay published backwards": published_backwards,
}
"""What is done to a job that the relay never saw, and whose place its cursor has passed."""


async def cursor_too_far(world: World) -> Expected:
    await world.store.save_cursor("projection", Position(9, 1, 1))
    return "cursor_ahead", "cursor projection"


async def offset_too_far(world: World) -> Expected:
    await world.commit("result-validation", channels.EXECUTIONS, 100)
    return "offset_beyond_end", "group result-validation on jobs.executions/0"


async def unread_taken(world: World) -> Expected:
    for number in range(3):
        await world.bus.publish([Outgoing(channels.VALIDATIONS, b"key", str(number).encode(), [])])
    partition = partition_of(b"key", channels.BY_TOPIC[channels.VALIDATIONS].partitions)
    await world.drop_records(channels.VALIDATIONS, 2, partition)
    await world.commit("control-plane", channels.VALIDATIONS, 0, partition)
    return "unread_gone", f"group control-plane on jobs.validations/{partition}"


async def question_forgotten(world: World) -> Expected:
    job_id = a_job_id(777)
    event = a_submit(job_id=job_id).event
    envelope = Envelope(derive_id(job_id, "asked"), "/queuebit/gateway", str(job_id), NOW, event, "acme")
    record = Outgoing(channels.ADMITTED, str(job_id).encode(), encode_data(event), encode_headers(envelope))
    await world.bus.publish([record])
    for partition in range(channels.BY_TOPIC[channels.ADMITTED].partitions):
        await world.commit("control-plane", channels.ADMITTED, 1, partition)
    return "not_decided", str(job_id)


async def relay_stands_still(world: World, job_ids: Sequence[UUID]) -> Expected:
    await world.admin.execute(
        "UPDATE event SET recorded_at = now() - interval '1 hour' WHERE stream_id = $1", job_ids[0]
    )
    return "not_relayed", str(job_ids[0])


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SUBMIT = """INSERT INTO submission (key, attempt_id, round, backend, request_hash, request, state, created_at)
VALUES (gen_random_uuid(), $1, $2, 'ibm', 'x', 'x', 'submitting', now() - $3::interval) RETURNING key"""


async def handed_in_for_nobody(world: World) -> Expected:
    key = await world.admin.fetchval(SUBMIT, derive_id(a_job_id(555), "attempt"), 0, timedelta(hours=1))
    return "submission_without_attempt", str(key)


async def handed_in_twice(world: World) -> Expected:
    attempt_id = attempt_id_of(a_job_id(0), LEG, 1)
    keys = [await world.admin.fetchval(SUBMIT, attempt_id, number, timedelta()) for number in range(2)]
    return "two_live_submissions", str(max(keys))


async def kept_for_nobody(world: World) -> Expected:
    attempt_id = derive_id(a_job_id(556), "attempt")
    await world.admin.execute(
        "INSERT INTO attempt (attempt_id, lineage, number, backend, created_at) VALUES ($1, $1, 1, 'ibm', $2)",
        attempt_id,
        LONG_AGO,
    )
    return "attempt_without_job", str(attempt_id)


async def handed_in_and_left(world: World) -> Expected:
    attempt_id = attempt_id_of(a_job_id(1), LEG, 1)
    key = await world.admin.fetchval(SUBMIT, attempt_id, 0, timedelta())
    await world.admin.execute("UPDATE submission SET due_at = $2 WHERE key = $1", key, LONG_AGO)
    return "submission_overdue", str(key)


async def kept_and_left(world: World) -> Expected:
    attempt_id = attempt_id_of(a_job_id(1), LEG, 1)
    await world.admin.execute(
        "INSERT INTO attempt (attempt_id, lineage, number, backend, work_order, due_at) VALUES ($1, $1, 1, 'ibm', 'o', $2)",
        attempt_id,
        LONG_AGO,
    )
    return "attempt_overdue", str(attempt_id)


async def asked_never_again(world: World) -> Expected:
    await world.admin.execute("INSERT INTO provider_gate VALUES ('ibm', 9, now() + interval '1 day')")
    return "breaker_stuck", "ibm"


BESIDE: dict[str, Callable[[World], Awaitable[Expected]]] = {
    "a cursor is beyond the last event": cursor_too_far,
    "an offset is beyond the end": offset_too_far,
    "retention took what was not read": unread_taken,
    "a question was read and forgotten": question_forgotten,
    "a provider was asked for nobody": handed_in_for_nobody,
    "a provider was asked twice at once": handed_in_twice,
    "an attempt is kept for nobody": kept_for_nobody,
    "a submission is left alone": handed_in_and_left,
    "a kept attempt is left alone": kept_and_left,
    "a backend is not asked again": asked_never_again,
}


async def plant_all(world: World, ended: Sequence[UUID]) -> dict[str, Expected]:
    """Plant every corruption, in a store whose jobs all hold; what must be found of each. `ended`: the jobs with the numbers
    from 0 to `ENDED_JOBS`, all told to their end and not yet, or already, published; the numbers up to 1,000 are nobody's else.
    """
    now, spoilt = SystemClock().now(), iter(ended)
    (started,) = await tell_jobs(world.store, [300], began_at=now, then=answered(a_job_id(300, now))[:1])
    (forgotten,) = await tell_jobs(world.store, [301], began_at=now - timedelta(days=30), then=[])
    await world.relay()
    skipped = await tell_jobs(world.store, range(100, 100 + len(UNPUBLISHED)))
    last = (await world.events(skipped[-1]))[-1]
    await world.store.save_cursor("publisher", Position(last.epoch, last.xid, last.seq))
    waiting = await tell_jobs(world.store, [200])

    planted = {name: await beside(world) for name, beside in BESIDE.items()}
    for name, plant in {**PUBLISHED, **ENDED}.items():
        planted[name] = await plant(world, next(spoilt))
    for (name, plant), job_id in zip(OPEN.items(), (started, forgotten), strict=True):
        planted[name] = await plant(world, job_id)
    for (name, plant), job_id in zip(UNPUBLISHED.items(), skipped, strict=True):
        planted[name] = await plant(world, job_id)
    planted["the relay stands still"] = await relay_stands_still(world, waiting)
    return planted


def found_by(document: dict[str, Any]) -> set[Expected]:
    """What a document of verify found, and where."""
    return {
        (finding["check"], example["subject"]) for finding in document["findings"] for example in finding["examples"]
    }
