"""The five services under faults, seed by seed: every invariant holds, and the same seed gives the same history.

What a seed finds gets a test of its own beside the code that it is about, for a seed means something else as soon as the plan
or the faults are drawn otherwise.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from tests.simulation.faults import FAULTS
from tests.simulation.faults_shown import ELSEWHERE, SHOWN, not_fired, table
from tests.simulation.simulation import run_simulation
from tests.simulation.sweep import Summary, regressions, sweep
from tests.simulation.weather import Chances

SEEDS = range(2000)
WITH_CIRCUITS = 0
BUSY = 150
ROOT = Path(__file__).parents[2]
DIGESTS = """
import sys
from tests.simulation.simulation import run_simulation
for seed in sys.argv[1:]:
    print(run_simulation(int(seed)).digest())
"""


@pytest.fixture(scope="module")
def summaries() -> list[Summary]:
    """Each seed is run once for all tests."""
    return list(sweep([*SEEDS, *regressions()]))


@pytest.mark.timeout(1200)
def test_every_invariant_holds(summaries: list[Summary]) -> None:
    bad = [str(each) for each in summaries if each.wrong]
    assert not bad, "\n".join([f"{len(bad)} of {len(summaries)} seeds", *bad[:5]])


def test_every_fault_happens_somewhere(summaries: list[Summary]) -> None:
    fired: Counter[str] = Counter()
    for each in summaries:
        fired.update(each.fired)
    sys.stdout.write(table(fired))
    assert not_fired(fired) == []


def test_every_fault_stands_in_the_table() -> None:
    listed = {name for names in SHOWN.values() for name in names}
    numbers = {fault.split()[0] for fault in (*SHOWN, *ELSEWHERE)}
    assert {*FAULTS, *(each.name for each in fields(Chances))} <= listed
    assert {f"F{number}" for number in range(1, 23)} <= numbers


def test_every_outcome_happens_somewhere(summaries: list[Summary]) -> None:
    assert frozenset().union(*(each.states for each in summaries)) == {
        "completed", "failed", "cancelled", "expired", "rejected",
    }  # fmt: skip


def test_most_questions_are_answered_and_what_operators_do_shows(summaries: list[Summary]) -> None:
    seen: Counter[str] = Counter()
    for each in summaries:
        seen.update(each.seen)
    assert seen["completed"] > seen["fair"] // 2
    assert seen["held"] > 80
    assert seen["unbelieved"] > 0
    assert seen["told"] > 50
    assert seen["asked_again"] > 20
    assert seen["projected"] > seen["builds"] // 2
    assert seen["improved"] > 50
    assert seen["undone"] > 50
    assert seen["superseded"] > 50


def test_the_same_seed_gives_the_same_history_in_this_process_and_in_another() -> None:
    digests = [run_simulation(seed).digest() for seed in (BUSY, WITH_CIRCUITS)]
    other = subprocess.run(
        [sys.executable, "-c", DIGESTS, str(BUSY), str(WITH_CIRCUITS)],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [run_simulation(seed).digest() for seed in (BUSY, WITH_CIRCUITS)] == digests
    assert other.stdout.split() == digests
