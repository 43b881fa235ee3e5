"""The checker of chaos: what was lost, doubled or said otherwise is found, and a run that proves nothing fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from queuebit_contracts import channels
from queuebit_contracts.ids import stored_id_of, uuid7
from queuebit_operations.records.relayed import SOURCE
from queuebit_runtime.bus.port import Record
from queuebit_workbench.chaos.judge import Happened, Judgement, Least, explained, judge
from queuebit_workbench.chaos.load import Asked
from queuebit_workbench.chaos.observed import Observed
from queuebit_workbench.chaos.plan import Fault
from queuebit_workbench.faults.poison import MARK

BEGAN = datetime(2026, 5, 4, 12, tzinfo=UTC)
LEAST = Least(jobs_completed=1)
CHOSEN: tuple[Fault, ...] = ("kill_service",)


def job(number: int) -> UUID:
    return uuid7(1_700_000_000_000, number)


def asked(*numbers: int) -> list[Asked]:
    return [Asked(job(number), "dev", "kafka", BEGAN) for number in numbers]


def told(
    number: int,
    *,
    version: int = 6,
    value: bytes = b"{}",
    name: str = "JobCompleted",
    after_s: float = 5,
    epoch: int = 1,
) -> Record:
    topic = channels.COMPLETED if name == "JobCompleted" else channels.FAILED
    headers = (
        ("ce_id", str(stored_id_of(job(number), version, epoch)).encode()),
        ("ce_source", SOURCE),
        ("ce_type", f"io.queuebit.{name}.v1".encode()),
        ("ce_subject", str(job(number)).encode()),
        ("ce_streamversion", str(version).encode()),
        ("ce_time", b"2026-05-04T12:00:00Z"),
    )
    moment = BEGAN + timedelta(seconds=after_s)
    return Record(topic, 0, version, b"k", value, headers, int(moment.timestamp() * 1000))


def letter(*headers: tuple[str, bytes]) -> Record:
    return Record(channels.dead_letter("control-plane"), 0, 0, b"k", b"", headers, 0)


def a_kill(*, count: int = 1, marks: tuple[str, ...] = ()) -> Happened:
    return Happened("kill_service", "gateway", count, BEGAN + timedelta(seconds=1), BEGAN + timedelta(seconds=2), marks)


def judged(
    records: Sequence[Record],
    jobs: Sequence[Asked],
    *,
    happened: Sequence[Happened] = (a_kill(),),
    least: Least = LEAST,
    restored_at: datetime | None = None,
) -> Judgement:
    seen = Observed()
    seen.note(records)
    return judge(jobs, seen, happened, CHOSEN, least, restored_at=restored_at)


def test_where_all_is_well_it_says_so_with_counts() -> None:
    found = judged([told(1), told(1), told(2, name="JobCancelled")], asked(1, 2), least=Least(1))

    assert found.violations == []
    assert (found.fired, found.affected) == ({"kill_service": 1}, {"kill_service": 2})
    assert found.ends == {"JobCompleted": 1, "JobCancelled": 1}


def test_what_has_no_end_is_lost() -> None:
    (violation,) = judged([told(1)], asked(1, 2)).violations

    assert violation == f"1 jobs that were acknowledged and have no end: {job(2)} of dev over kafka"


def test_two_ends_are_one_too_many() -> None:
    (violation,) = judged([told(1), told(1, version=7, name="JobFailed")], asked(1)).violations

    assert violation == f"1 jobs that ended twice: {job(1)}: JobCompleted, JobFailed"


def test_one_id_may_not_say_two_things() -> None:
    (violation,) = judged([told(1), told(1, value=b'{"objective": 2}')], asked(1)).violations

    assert "1 published with different contents under one id" in violation


def test_after_a_restore_one_more_end_may_be_told_under_another_id() -> None:
    restored_at = BEGAN + timedelta(seconds=8)
    anew = told(1, value=b'{"objective": 2}', after_s=10, epoch=2)
    third = told(1, version=7, name="JobFailed", after_s=11, epoch=2)

    assert judged([told(1), anew], asked(1), restored_at=restored_at).violations == []
    assert judged([told(1), anew], asked(1)).violations != []
    assert judged([told(1), anew, third], asked(1), restored_at=restored_at).violations != []


def test_poison_is_set_aside_or_refused_and_nothing_else_is() -> None:
    poison = a_kill(marks=("ab" * 16, "cd" * 16))
    refused = orjson.dumps({"origin": {"event_id": str(UUID("cd" * 16))}})
    records = [told(1), letter((MARK, b"ab" * 16)), told(9, name="JobRejected", value=refused)]

    assert judged(records, asked(1), happened=[poison]).violations == []
    assert "poison that nobody set aside" in judged(records[:2], asked(1), happened=[poison]).violations[0]
    (stranger,) = judged([told(1), letter(("qb_error_detail", b"odd"))], asked(1)).violations
    assert stranger == "1 dead letters that are no poison: dlq.control-plane: odd"


def test_where_too_little_happened_the_run_fails() -> None:
    never = judged([told(1)], asked(1), happened=[a_kill(count=0)])
    alone = judged([told(1, after_s=0.5)], asked(1))
    few = judged([told(1)], asked(1), least=Least(2))
    unwell = judged([told(1), told(2, name="JobFailed")], asked(1, 2))

    assert never.too_little == ["kill_service never happened"]
    assert alone.too_little == ["kill_service met 0 jobs, at least 1 must be on their way"]
    assert few.too_little == ["only 1 jobs completed, at least 2 must"]
    assert unwell.too_little == ["only 1 of 2 jobs completed"]
    assert not any(each.holds for each in (never, alone, few, unwell))


def test_a_finding_of_verify_counts_unless_it_is_explained() -> None:
    findings: list[dict[str, object]] = [
        {"check": check, "count": 1, "meaning": "m", "examples": []} for check in ("kafka_ahead", "after_end")
    ]

    assert list(explained(findings, {"kafka_ahead": "restored"})) == ["verify: after_end, 1 times: m []"]
