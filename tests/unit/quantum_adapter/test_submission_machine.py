"""What a submission does next: by where it stands, what was seen and the time, nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.ports import Poll, Recovery, RunState
from queuebit_quantum_adapter.submissions import machine
from queuebit_quantum_adapter.submissions.machine import Act, Terms
from queuebit_quantum_adapter.submissions.seen import Doubt, Fetched, Found, NoAnswer, Observation, Refused, Taken
from queuebit_store.submissions.port import Submission, SubmissionState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FENCE = Terms(Recovery.FENCE, lag_s=30.0)
SEARCH = Terms(Recovery.SEARCH, lag_s=30.0)
TOKEN = Terms(Recovery.TOKEN, lag_s=30.0)
REFUSED = Refused(FailureCode.PROBLEM_UNSUPPORTED, "too wide", transient=False)


def a_row(state: SubmissionState = SubmissionState.INTENDED, **fields: object) -> Submission:
    row = Submission(UUID(int=1), UUID(int=2), 0, "ibm", "0" * 64, state, NOW, NOW, due_at=NOW, epoch=1)
    return replace(row, **fields)  # type: ignore[arg-type]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("row", "terms", "act"),
    [
        (a_row(), FENCE, Act.OPEN_FENCE),
        (a_row(fence="f"), FENCE, Act.SEND),
        (a_row(), SEARCH, Act.SEND),
        (a_row(cancel_wanted=True), FENCE, Act.END_UNSENT),
        (a_row(SubmissionState.SUBMITTING), TOKEN, Act.GIVE_UP_OWNER),
        (a_row(SubmissionState.UNKNOWN), TOKEN, Act.SEND),
        (a_row(SubmissionState.UNKNOWN), SEARCH, Act.LOOK_UP),
        (a_row(SubmissionState.UNKNOWN, cancel_wanted=True), FENCE, Act.LOOK_UP),
        (a_row(SubmissionState.UNKNOWN, cancel_wanted=True), TOKEN, Act.LOOK_UP),
        (a_row(SubmissionState.FOLLOWING, provider_id="j"), FENCE, Act.POLL),
        (a_row(SubmissionState.SUCCEEDED, provider_id="j"), FENCE, Act.FETCH),
        (a_row(SubmissionState.CONCLUDED, provider_id="j"), FENCE, Act.LOOK_UP),
        (a_row(SubmissionState.CONCLUDED, provider_id="j", due_at=None), FENCE, None),
        (a_row(SubmissionState.FAILED, due_at=None), FENCE, None),
    ],
)
def test_what_is_done_follows_from_where_it_stands(row: Submission, terms: Terms, act: Act | None) -> None:
    assert machine.next_act(row, terms) is act


def test_it_is_stored_before_it_is_sent_and_one_in_doubt_stays_in_doubt() -> None:
    sent = machine.sending(a_row(), NOW).row
    again = machine.sending(a_row(SubmissionState.UNKNOWN), NOW).row

    assert (sent.state, sent.sent_at) == (SubmissionState.SUBMITTING, NOW)
    assert (again.state, again.sent_at) == (SubmissionState.UNKNOWN, NOW)


def test_an_answer_that_is_heard_is_followed() -> None:
    row = machine.react(a_row(SubmissionState.SUBMITTING), Taken("job-1"), NOW, FENCE).row

    assert (row.state, row.provider_id, row.unknown_since) == (SubmissionState.FOLLOWING, "job-1", None)


def test_absence_needs_several_looks_and_the_longest_time() -> None:
    """Neither many looks at once nor a single late one prove it."""
    doubted = machine.react(a_row(SubmissionState.SUBMITTING, sent_at=NOW, fence="f"), Doubt("lost"), NOW, FENCE).row
    assert (doubted.state, doubted.unknown_since) == (SubmissionState.UNKNOWN, NOW)

    often = doubted
    for _ in range(10):
        often = machine.react(often, Found(()), later(1), FENCE).row
    late = machine.react(doubted, Found(()), later(100), FENCE).row
    both = machine.react(often, Found(()), later(31), FENCE).row

    assert (often.state, late.state) == (SubmissionState.UNKNOWN, SubmissionState.UNKNOWN)
    assert (both.state, both.fence, both.misses) == (SubmissionState.INTENDED, None, 0)
    assert both.unknown_since is not None, "that it was in doubt is remembered for a late look"


def test_the_longest_time_counts_from_the_first_look_behind_its_fence() -> None:
    """A provider that was silent for long had its fence open for as long: what came in at its end is not listed yet."""
    row = machine.react(a_row(SubmissionState.SUBMITTING, sent_at=NOW, fence="f"), Doubt("lost"), NOW, FENCE).row
    row = machine.react(row, NoAnswer("503"), later(600), FENCE).row
    for seconds in (601, 611, 621):
        row = machine.react(row, Found(()), later(seconds), FENCE).row

    assert row.state is SubmissionState.UNKNOWN
    assert machine.react(row, Found(()), later(631), FENCE).row.state is SubmissionState.INTENDED


def test_of_several_the_oldest_is_kept_and_the_others_are_cancelled() -> None:
    found = machine.react(a_row(SubmissionState.UNKNOWN), Found(("a", "b", "c")), NOW, SEARCH)

    assert (found.row.state, found.row.provider_id, found.cancel) == (SubmissionState.FOLLOWING, "a", ("b", "c"))
    assert "b, c" in found.note


def test_a_refusal_ends_it_only_where_nothing_was_in_doubt() -> None:
    fresh = machine.react(a_row(SubmissionState.SUBMITTING), REFUSED, NOW, TOKEN).row
    doubtful = machine.react(a_row(SubmissionState.UNKNOWN, unknown_since=NOW), REFUSED, NOW, TOKEN).row

    assert (fresh.state, fresh.code, fresh.due_at) == (SubmissionState.FAILED, "problem_unsupported", None)
    assert doubtful.state is SubmissionState.UNKNOWN


def test_what_is_refused_for_good_while_in_doubt_is_looked_up_and_then_ends() -> None:
    """The refusal says nothing about the first; where that is proved to be absent, it says all."""
    row = machine.react(a_row(SubmissionState.UNKNOWN, unknown_since=NOW, sent_at=NOW), REFUSED, NOW, TOKEN).row
    assert machine.next_act(row, TOKEN) is Act.LOOK_UP
    assert machine.react(row, Found(("j",)), later(1), TOKEN).row.state is SubmissionState.FOLLOWING

    for seconds in (1, 11, 21, 31):
        row = machine.react(row, Found(()), later(seconds), TOKEN).row
    assert (row.state, machine.next_act(row, TOKEN)) == (SubmissionState.INTENDED, Act.SEND)
    ended = machine.react(machine.sending(row, later(32)).row, REFUSED, later(32), TOKEN).row

    assert (ended.state, ended.code, ended.due_at) == (SubmissionState.FAILED, "problem_unsupported", later(332))


def test_a_limit_while_in_doubt_and_a_further_doubt_are_no_refusals() -> None:
    limited = Refused(FailureCode.BACKEND_OVERLOADED, "slow down", transient=True)
    row = a_row(SubmissionState.UNKNOWN, unknown_since=NOW, sent_at=NOW)

    for seen in (limited, Doubt("lost")):
        again = machine.react(row, seen, later(600), TOKEN).row
        assert (machine.next_act(again, TOKEN), again.due_at) == (Act.SEND, later(660))


def test_who_is_limited_waits_as_long_as_the_provider_says() -> None:
    limited = Refused(FailureCode.BACKEND_OVERLOADED, "slow down", transient=True, retry_after_s=17.0)

    row = machine.react(a_row(SubmissionState.SUBMITTING), limited, NOW, FENCE).row

    assert (row.state, row.due_at) == (SubmissionState.INTENDED, later(17))


def test_who_says_nothing_of_it_is_sent_to_ever_more_rarely() -> None:
    offline = Refused(FailureCode.BACKEND_UNAVAILABLE, "offline", transient=True)

    row = machine.react(a_row(SubmissionState.SUBMITTING, sent_at=later(600)), offline, later(600), FENCE).row

    assert (row.state, row.due_at) == (SubmissionState.INTENDED, later(660))


@pytest.mark.parametrize(("after_s", "again_s"), [(5, 1), (600, 60), (86_400, 300)])
def test_who_does_not_answer_is_asked_ever_more_rarely(after_s: float, again_s: float) -> None:
    """Such as about a result that nobody can read any more."""
    row = a_row(SubmissionState.SUCCEEDED, provider_id="j", sent_at=NOW)

    asked = machine.react(row, NoAnswer("gone"), later(after_s), FENCE).row

    assert (asked.state, asked.due_at) == (SubmissionState.SUCCEEDED, later(after_s + again_s))


@pytest.mark.parametrize("terms", [SEARCH, TOKEN])
def test_an_end_that_was_in_doubt_is_looked_at_once_more_and_finds_what_was_paid_twice(terms: Terms) -> None:
    """Also where the provider knows keys: it may have forgotten one."""
    row = a_row(SubmissionState.SUCCEEDED, provider_id="a", unknown_since=NOW)
    ended = machine.react(row, Fetched(), NOW, terms).row
    assert (ended.state, ended.due_at) == (SubmissionState.CONCLUDED, later(300))

    twice = machine.react(ended, Found(("a", "b")), later(300), terms)
    once = machine.react(ended, Found(("a",)), later(300), terms)

    assert machine.found_late(ended, ("a", "b")) == ("b",)
    assert (twice.row.due_at, twice.row.state) == (None, SubmissionState.CONCLUDED)
    assert "paid" in twice.row.detail
    assert (machine.found_late(ended, ("a",)), once.row.due_at) == ((), None)
    assert machine.react(replace(row, unknown_since=None), Fetched(), NOW, terms).row.due_at is None


@pytest.mark.parametrize(("wanted", "code"), [(True, "cancelled"), (False, "backend_unavailable")])
def test_what_the_provider_cancels_by_itself_may_be_tried_again(wanted: bool, code: str) -> None:
    row = a_row(SubmissionState.FOLLOWING, provider_id="j", cancel_wanted=wanted)

    ended = machine.react(row, Poll(RunState.CANCELLED), NOW, FENCE).row

    assert (ended.state, ended.code) == (SubmissionState.CANCELLED, code)


@pytest.mark.parametrize("act", [Act.OPEN_FENCE, Act.SEND])
@pytest.mark.parametrize("region", ["us-east", ""])
def test_what_was_not_sent_ends_where_the_account_stands_elsewhere_now(act: Act, region: str) -> None:
    elsewhere = replace(FENCE, region=region)
    barred = machine.barred(a_row(regions=("eu",)), act, elsewhere)
    assert barred is not None

    ended = machine.react(a_row(regions=("eu",)), barred, NOW, elsewhere).row

    assert (ended.state, ended.code, ended.reason) == (SubmissionState.FAILED, "no_backend", "region_not_allowed")
    assert "the data may go to: eu." in ended.detail


@pytest.mark.parametrize("terms", [FENCE, SEARCH, TOKEN])
def test_what_is_in_doubt_is_neither_sent_again_nor_taken_for_absent_where_the_account_stands_elsewhere(
    terms: Terms,
) -> None:
    row, elsewhere = (
        a_row(SubmissionState.UNKNOWN, unknown_since=NOW, regions=("eu",)),
        replace(terms, region="us-east"),
    )
    act = machine.next_act(row, elsewhere)
    assert act is not None
    barred = machine.barred(row, act, elsewhere)
    assert barred is not None

    for seconds in (40, 80, 120, 160):
        row = machine.react(row, barred, later(seconds), elsewhere).row

    assert (row.state, row.misses) == (SubmissionState.UNKNOWN, 0)


@pytest.mark.parametrize(
    ("row", "act", "region"),
    [
        (a_row(regions=("eu",)), Act.SEND, "eu-de"),
        (a_row(regions=None), Act.SEND, ""),
        (a_row(regions=()), Act.SEND, "local"),
        (a_row(SubmissionState.FOLLOWING, provider_id="j", regions=("eu",)), Act.POLL, "us-east"),
        (a_row(SubmissionState.CONCLUDED, provider_id="j", regions=("eu",)), Act.LOOK_UP, "us-east"),
    ],
)
def test_nothing_else_is_barred(row: Submission, act: Act, region: str) -> None:
    assert machine.barred(row, act, replace(FENCE, region=region)) is None


def test_a_cancel_that_came_too_late_is_told() -> None:
    unwanted = a_row(SubmissionState.FOLLOWING, provider_id="j", cancel_wanted=True)

    ran = machine.react(unwanted, Poll(RunState.SUCCEEDED), NOW, FENCE)
    ended = machine.react(ran.row, Fetched(), NOW, FENCE)
    wanted = machine.react(replace(ran.row, cancel_wanted=False), Fetched(), NOW, FENCE)

    assert ran.note == "It has run, and the cancel came too late."
    assert (ended.note, ended.row.cancel_too_late) == ("Its result is here, and the cancel came too late.", True)
    assert (wanted.note, wanted.row.cancel_too_late) == ("Its result is here.", False)


OBSERVATIONS = st.one_of(
    st.builds(Taken, st.just("j")),
    st.builds(Doubt, st.text(max_size=5)),
    st.builds(NoAnswer, st.text(max_size=5)),
    st.builds(Found, st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)),
    st.sampled_from([REFUSED, Poll(RunState.UNKNOWN), Poll(RunState.QUEUED), Poll(RunState.RUNNING)]),
)


@given(st.lists(OBSERVATIONS, max_size=12), st.sampled_from([TOKEN, FENCE, SEARCH]))
def test_nothing_but_the_word_of_the_provider_ends_what_is_in_doubt(seen: list[Observation], terms: Terms) -> None:
    """Whatever is seen short of a final word: unknown never becomes failed."""
    row, now = a_row(SubmissionState.UNKNOWN, unknown_since=NOW, sent_at=NOW, fence="f"), NOW
    for each in seen:
        now += timedelta(seconds=1)
        before = row
        row = machine.react(row, each, now, terms).row
        assert not row.state.final
        assert row.due_at is not None
        if before.state is not SubmissionState.UNKNOWN:
            return
