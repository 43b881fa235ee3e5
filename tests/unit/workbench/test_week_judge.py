"""The checker of the week: what was lost, doubled, paid twice or held is found, and a run that proves nothing fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from queuebit_workbench.week.judge import COMPLETED, DAY_S, Judgement, Look, Seen, judge

SERVICES = ("gateway", "quantum_adapter")
FREE, SIGN, STUCK = Look(held=False, unread=0), Look(held=True, unread=0), Look(held=False, unread=1)
GOOD = Seen(
    asked=3,
    ends=((COMPLETED,),) * 3,
    passed=3,
    own_ends=(COMPLETED,),
    ended_early=False,
    story=Counter({"JobQueued": 1, "ExecutionProgressed": 4}),
    waits_s=(6.9 * DAY_S, 5.5 * DAY_S, 5.4 * DAY_S, 0.5 * DAY_S),
    accepted=1,
    looks=(SIGN,) + (FREE,) * 19,
    restarts=Counter({"gateway": 2, "quantum_adapter": 2}),
    services=SERVICES,
    workers_killed=5,
    simulated=1,
)


def test_a_good_week_holds() -> None:
    assert judge(GOOD) == Judgement([], [])


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({"ends": ((COMPLETED,), (COMPLETED,), ())}, "1 other jobs have no end"),
        ({"ends": ((COMPLETED,), (COMPLETED,))}, "1 other jobs have no end"),
        ({"ends": ((COMPLETED,), (COMPLETED,), (COMPLETED, "JobFailed"))}, "1 other jobs ended more than once"),
        ({"ends": ((COMPLETED,), (COMPLETED,), ("JobFailed",))}, "1 other jobs did not end completed"),
        ({"letters": ("dlq.x: why",)}, "1 dead letters: dlq.x: why"),
        ({"findings": ("lost: One is lost.",)}, "verify finds lost: One is lost."),
        ({"accepted": 2}, "the provider accepted it 2 times instead of once"),
        ({"own_ends": ()}, "it ended with nothing instead of JobCompleted once"),
        (
            {"own_ends": (COMPLETED, COMPLETED)},
            "it ended with JobCompleted, JobCompleted instead of JobCompleted once",
        ),
        ({"ended_early": True}, "it ended before its provider let it run"),
        ({"story": Counter({"JobQueued": 2})}, "it was ordered 2 times instead of once"),
        ({"story": Counter({"JobQueued": 1, "ExecutionFailed": 1})}, "1 of its attempts failed"),
        ({"looks": (SIGN, FREE) * 10}, "a process held it in 10 of 20 looks"),
        ({"looks": (SIGN, SIGN) + (FREE,) * 18}, "a process held it from one look to the next"),
        (
            {"looks": (STUCK,) + (FREE,) * 19},
            "its order was not done with in 1 of 20 looks: a partition was held",
        ),
    ],
)
def test_what_must_never_be_is_found(changes: dict[str, Any], violation: str) -> None:
    assert judge(replace(GOOD, **changes)) == Judgement([violation], [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"restarts": Counter({"gateway": 2})}, "quantum_adapter restarted 0 times, at least 2 must be"),
        ({"passed": 2}, "only 2 of 3 other jobs passed while it waited"),
        ({"asked": 0, "ends": (), "passed": 0}, "only 0 of 0 other jobs passed while it waited"),
        ({"looks": (FREE,) * 19}, "only 19 looks while it waited, at least 20 must be"),
        ({"waits_s": ()}, "0 signs of life told of 0 days, 0 whole ones at most"),
        ({"waits_s": (60.0,) * 9}, "9 signs of life told of 1 days, 0 whole ones at most"),
        ({"workers_killed": 0}, "no process of the adapter was killed while it waited"),
        ({"simulated": 0}, "the adapter computed nothing else while it waited"),
    ],
)
def test_a_run_in_which_too_little_happened_proves_nothing(changes: dict[str, Any], words: str) -> None:
    assert judge(replace(GOOD, **changes)) == Judgement([], [words])
