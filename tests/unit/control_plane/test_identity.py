"""Which question is which: by the key, else by source and id, never by a time; and a refusal is final for its question."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from queuebit_contracts import channels
from queuebit_contracts.ids import job_id_of, refusal_id_of, time_ms_of, uuid7
from queuebit_contracts.jobs import Problem
from queuebit_contracts.sealed import SEAL, SUBJECT_LABEL
from queuebit_store.memory import Hooks
from tests.builders import NOW, at
from tests.unit.control_plane.entrance import TIMES, Plane, asked

UUID4 = UUID("9b2f1c4e-7a55-4d0e-8a4c-fb4f4a3c9e11")
UUID7 = uuid7(5, 5)
DAY = "2026-01-02"
OTHER_JOB = "019b7ca9-8c88-7000-8000-00000000000f"
NAMES = ["order-17", str(UUID4), str(UUID7)]


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_event_at_other_times_is_one_job(plane: Plane, name: str) -> None:
    for time in TIMES:
        plane.clock.moment = at(len(plane.store.database.events))
        await plane.hear(asked(name, time))

    assert list(plane.streams().values()) == [["JobSubmitted", "JobPlanned", "JobQueued"]]


@pytest.mark.parametrize("name", NAMES)
async def test_one_id_from_two_sources_or_two_tenants_is_two_jobs(plane: Plane, name: str) -> None:
    await plane.hear(asked(name), asked(name, source="/b"), asked(name, tenant="globex"))
    assert len(plane.jobs()) == 3


@pytest.mark.parametrize("name", NAMES)
async def test_a_key_is_one_job_whatever_the_event(plane: Plane, name: str) -> None:
    await plane.hear(asked(name, key="k"), asked("other", source="/b", key="k"), asked(name))
    assert len(plane.jobs()) == 2


async def test_no_key_of_a_sender_is_taken_for_an_event(plane: Plane) -> None:
    await plane.hear(asked("order-17"))
    ((_, held),) = plane.store.database.reservations
    assert " " in held


@pytest.mark.parametrize("name", NAMES[:2])
async def test_the_id_of_a_job_says_when_it_was_accepted_where_the_sender_does_not(plane: Plane, name: str) -> None:
    await plane.hear(asked(name, TIMES[2]), asked("x", TIMES[1], key="text"))
    assert {time_ms_of(job_id) for job_id in plane.jobs()} == {int(NOW.timestamp() * 1000)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", [None, "text", str(uuid7(9, 9))])
async def test_a_refused_question_that_comes_again_stays_refused(plane: Plane, name: str, key: str | None) -> None:
    await plane.hear(asked(name, key=key, tenant="initech"))
    (refused,) = plane.streams()
    await plane.store.add_tenant("initech", NOW)
    for time in TIMES:
        await plane.hear(asked(name, time, key=key, tenant="initech"))
    assert plane.streams() == {refused: ["JobRejected"]}


@pytest.mark.parametrize("key", [None, "text", str(uuid7(9, 9))])
async def test_a_corrected_question_is_taken_under_the_same_key_and_its_refused_one_stays_refused(
    plane: Plane, key: str | None
) -> None:
    late = asked("first", key=key, deadline=at(-1))
    await plane.hear(late)
    await plane.hear(asked("second", key=key), late)
    await plane.hear(late)

    assert sorted(plane.streams().values()) == [["JobRejected"], ["JobSubmitted", "JobPlanned", "JobQueued"]]


async def test_a_refused_question_and_its_correction_in_one_batch(plane: Plane) -> None:
    key = str(uuid7(9, 9))
    late = asked("first", key=key, tenant="initech")
    await plane.hear(late)
    await plane.store.add_tenant("initech", NOW)
    await plane.hear(late, asked("second", key=key, tenant="initech"))

    job_id = job_id_of("initech", UUID(key))
    assert plane.jobs() == [job_id]
    (first, *_) = plane.store.database.events[job_id]
    assert first.causation_id is not None
    assert refusal_id_of("initech", "/a", first.causation_id) not in plane.streams()


@pytest.mark.parametrize("name", NAMES)
async def test_what_became_a_job_is_not_refused_later(plane: Plane, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await plane.hear(asked(name))
    jobs = plane.streams()

    def fails(_request: object) -> None:
        raise RuntimeError("the kind has changed")

    monkeypatch.setattr("queuebit_control_plane.inbound.reading.admit", fails)
    await plane.hear(asked(name), asked("other", source="/b"))

    assert {stream: names for stream, names in plane.streams().items() if stream in jobs} == jobs
    assert sorted(names[0] for names in plane.streams().values()) == ["JobRejected", "JobSubmitted"]


async def test_two_tenants_with_the_same_event_are_both_told(plane: Plane) -> None:
    await plane.hear(*(asked("order-17", tenant=tenant, deadline=at(-1)) for tenant in ("acme", "globex")))
    rows = plane.store.database.streams.values()
    assert sorted((row.tenant, row.head.state) for row in rows) == [("acme", "rejected"), ("globex", "rejected")]


async def test_a_tenant_that_the_envelope_denies_is_refused(plane: Plane) -> None:
    await plane.hear(asked("order-17", ce_tenant="globex"))
    ((stored,),) = plane.store.database.events.values()
    assert (stored.tenant, orjson.loads(stored.data)["code"]) == ("globex", "tenant_mismatch")


async def test_the_data_of_a_subject_is_not_taken_in_clear_over_the_bus(plane: Plane) -> None:
    """Given a question that names a subject and whose statement is not sealed, then it is refused, and none of it is stored."""
    await plane.hear(asked("order-17", labels={SUBJECT_LABEL: "p-17"}))
    ((stored,),) = plane.store.database.events.values()
    told = orjson.loads(stored.data)
    assert (stored.type, told["code"], told["field"]) == (
        "JobRejected",
        "subject_in_clear",
        "/request/problem/statement",
    )
    assert "statement" not in told.get("origin", {})


async def test_nor_are_steps_back_of_a_subject_that_say_something_in_clear(plane: Plane) -> None:
    """Given a sealed statement and commands beside it that are not, then the question is refused for the first of these."""
    statement = {SEAL: "v1.019b7ca9-8c88-7000-8000-000000000007.AAAA"}
    problem = Problem(kind="maxcut", statement=statement)
    steps = [
        {"name": "a", "command": "com.acme.A"},
        {"name": "b", "command": "com.acme.B", "data": {"patient": "Wilhelmine"}},
    ]
    await plane.hear(
        asked("order-17", labels={SUBJECT_LABEL: "p-17"}, problem=problem, beside={"compensations": steps})
    )
    ((stored,),) = plane.store.database.events.values()
    told = orjson.loads(stored.data)
    assert (told["code"], told["field"]) == ("subject_in_clear", "/compensations/1/data")
    assert "Wilhelmine" not in stored.data


@pytest.mark.parametrize(
    "version", [f"v2.{{key}}.{DAY}.{OTHER_JOB}.statement", f"v2.{{key}}.{DAY}.{{job}}.statement", "v1.{key}"]
)
async def test_what_was_sealed_for_another_job_is_not_taken(plane: Plane, version: str) -> None:
    """Given the statement of another job of the same person, then the question is refused for that; its own is taken, and what
    a gateway of before sealed, which says no job.
    """
    key = uuid7(9, 9)
    job = job_id_of("acme", key)
    token = version.format(key="019b7ca9-8c88-7000-8000-000000000007", job=job) + ".AAAA"
    admission = {
        "size": {"variables": 6, "qubits": 6, "terms": 6},
        "family": "optimisation",
        "problem_fingerprint": "f",
    }
    record = asked(
        "order-17",
        key=str(key),
        labels={SUBJECT_LABEL: "p-17"},
        problem=Problem(kind="maxcut", statement={SEAL: token}),
        beside={"admission": admission, "fingerprint": "f"},
    )

    await plane.hear(record._replace(topic=channels.ADMITTED))

    first = next(iter(plane.store.database.events.values()))[0]
    told = orjson.loads(first.data)
    if OTHER_JOB in version:
        assert (first.type, told["code"], told["field"]) == ("JobRejected", "misplaced", "/request/problem/statement")
    else:
        assert first.type == "JobSubmitted"


async def test_a_tenant_added_a_moment_ago_is_known_and_a_crowd_of_strangers_costs_one_look_a_batch(
    plane: Plane,
) -> None:
    await plane.hear(asked("1"), asked("2", tenant="stranger"))
    await plane.store.add_tenant("initech", datetime.now(UTC))
    await plane.hear(asked("3", tenant="initech"))
    assert len(plane.jobs()) == 2

    plane.store.looked = 0
    await plane.hear(*(asked(f"x{n}", tenant=f"stranger-{n}") for n in range(100)))
    await plane.hear(*(asked(f"y{n}") for n in range(100)))
    assert (plane.store.looked, len(plane.jobs())) == (1, 102)


async def test_a_question_that_another_instance_takes_while_it_is_being_refused_is_not_refused(plane: Plane) -> None:
    other = Plane()
    other.store.database = plane.store.database

    async def meanwhile(_operation: str) -> None:
        plane.store.hooks = Hooks()
        await plane.store.add_tenant("initech", NOW)
        await other.hear(asked("order-17", tenant="initech", key=str(UUID7)))

    plane.store.hooks = Hooks(before_commit=meanwhile)
    await plane.hear(asked("order-17", tenant="initech", key=str(UUID7)))

    assert list(plane.streams().values()) == [["JobSubmitted", "JobPlanned", "JobQueued"]]
