"""Which events go where, what is told of them, and when an attempt is made again: pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import ValidationError

from queuebit_gateway.webhooks.bodies import BODY_BYTES_MAX, body_of
from queuebit_gateway.webhooks.rule import ENDS, About, Rule, wants
from queuebit_gateway.webhooks.schedule import DELAYS_S, delay_s, failed, outcome_of, why_disabled
from queuebit_store.ports import StoredEvent

ID, NOW = UUID(int=7 << 80), datetime(2026, 1, 5, tzinfo=UTC)
JOB = About("batch", "maxcut", {"team": "a", "site": "x"})


@pytest.mark.parametrize(
    ("rule", "name", "goes"),
    [
        (Rule(), "JobCompleted", True),
        (Rule(), "JobQueued", False),
        (Rule(events=("JobQueued",)), "JobQueued", True),
        (Rule(tiers=("batch", "scheduled")), "JobCompleted", True),
        (Rule(tiers=("interactive",)), "JobCompleted", False),
        (Rule(kinds=("maxcut",)), "JobFailed", True),
        (Rule(kinds=("tsp",)), "JobFailed", False),
        (Rule(labels={"team": ("a", "b")}), "JobCompleted", True),
        (Rule(labels={"team": ("b",)}), "JobCompleted", False),
        (Rule(labels={"team": ("a",), "site": ("y",)}), "JobCompleted", False),
        (Rule(labels={"other": ("a",)}), "JobCompleted", False),
    ],
)
def test_a_rule_decides_by_event_tier_kind_and_label(rule: Rule, name: str, goes: bool) -> None:
    assert wants(rule, name, JOB) is goes


def test_a_rule_that_names_what_there_is_not_is_refused() -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        {"events": ["JobExploded"]},
        {"tiers": ["slow"]},
        {"labels": {"team": []}},
        {"more": 1},
    )
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            Rule.model_validate(wrong)
    assert set(ENDS) == set(Rule().events)


def _event(data: dict[str, Any]) -> StoredEvent:
    text = orjson.dumps(data).decode()
    return StoredEvent(1, 1, 1, ID, 8, ID, "JobCompleted", 1, text, NOW, "acme", None, None)


def test_what_is_to_be_undone_is_told_by_what_it_is_done_by_once_and_not_what_it_says() -> None:
    """The commands of a job stand in its view, and may be sealed."""
    said = {
        "compensation_id": str(ID),
        "name": "release-slot",
        "cause": "superseded",
        "command": "com.acme.ReleaseSlot",
    }
    event = _event({**said, "data": {"slot": 17}, "origin": None})._replace(type="CompensationRequested")
    superseded = _event({"by": str(ID), "origin": None})._replace(type="JobSuperseded")

    told, taken = (orjson.loads(body_of(each, orjson.loads(each.data)))["data"] for each in (event, superseded))

    about = {"job_id": str(ID), "url": f"/v1/jobs/{ID}"}
    assert (told, taken) == ({**about, **said}, {**about, "by": str(ID)})


def test_what_is_told_is_thin() -> None:
    data = {
        "kind": "maxcut",
        "answer": {"side": [0, 1]},
        "objective": 2,
        "confidence": {"value": 1.0},
        "cost": {"amount": "0"},
    }

    found = orjson.loads(body_of(_event(data), data))

    assert (found["type"], found["subject"], found["streamversion"]) == (
        "io.queuebit.webhooks.JobCompleted.v1",
        str(ID),
        8,
    )
    assert found["data"] == {
        "job_id": str(ID), "url": f"/v1/jobs/{ID}", "state": "completed", "kind": "maxcut", "objective": 2,
        "confidence": 1.0, "cost": {"amount": "0"},
    }  # fmt: skip


@pytest.mark.parametrize("data", [{"reasons": ["x" * 1000] * 100}, {"remedy": "x" * 100_000}])
def test_what_is_told_is_never_too_large_to_be_taken(data: dict[str, Any]) -> None:
    found = body_of(_event(data), data)
    assert len(found.encode()) <= BODY_BYTES_MAX
    assert orjson.loads(found)["data"]["job_id"] == str(ID)


def test_attempts_come_at_the_times_of_the_specification_a_fifth_more_or_less() -> None:
    found = [delay_s(ID, attempts, {}) for attempts in range(1, 11)]

    assert found[-1] is None
    for wait_s, meant_s in zip(found, DELAYS_S, strict=False):
        assert wait_s is not None
        assert 0.8 * meant_s <= wait_s <= 1.2 * meant_s
    assert delay_s(ID, 1, {}) == found[0]
    assert delay_s(UUID(int=8 << 80), 1, {}) != found[0]


@pytest.mark.parametrize(
    ("text", "least_s", "most_s"), [("100", 100, 100), ("9" * 9, 86_400, 86_400), ("soon", 4, 6), ("-1", 4, 6)]
)
def test_a_receiver_may_ask_for_more_time_within_a_day(text: str, least_s: float, most_s: float) -> None:
    wait_s = delay_s(ID, 1, {"retry-after": text})
    assert wait_s is not None
    assert least_s <= wait_s <= most_s


@pytest.mark.parametrize(
    ("status", "headers", "state"),
    [
        (200, {}, "delivered"),
        (204, {}, "delivered"),
        (302, {}, "pending"),
        (404, {}, "pending"),
        (503, {}, "pending"),
        (410, {}, "exhausted"),
        (500, {"webhook-delivery": "abort-message"}, "exhausted"),
    ],
)
def test_only_2xx_is_delivered_and_a_receiver_can_end_it(status: int, headers: dict[str, str], state: str) -> None:
    found = outcome_of(ID, 1, status, headers, 12, "x" * 5000)
    assert (found.state, found.status, found.took_ms, len(found.answer or "")) == (state, status, 12, 1000)
    assert (found.again_in_s is None) is (state != "pending")


def test_what_was_tried_often_enough_is_given_up() -> None:
    assert failed(ID, 9, "no", 1).state == "pending"
    assert failed(ID, 10, "no", 1) == ("exhausted", None, None, "no", 1, None)


def test_an_endpoint_is_given_up_when_it_is_gone_or_failed_for_days() -> None:
    assert why_disabled(410, timedelta(0)) == "The receiver answered 410: it is gone."
    assert why_disabled(500, timedelta(days=4)) is None
    assert why_disabled(500, None) is None
    assert why_disabled(None, timedelta(days=5)) == "Every attempt has failed for 5 days."
