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
from functools import cache
from pathlib import Path

import pytest

from tests.simulation.checkers import check
from tests.simulation.faults import FAULTS
from tests.simulation.history import History
from tests.simulation.simulation import run_simulation
from tests.simulation.weather import Chances

SEEDS = range(40)
SOAK_SEEDS = int(os.environ.get("SEEDS", "2000"))
WITH_CIRCUITS = 0
SHOWN_MAX = 10
ROOT = Path(__file__).parents[2]
DIGESTS = """
import sys
from tests.simulation.simulation import run_simulation
for seed in sys.argv[1:]:
    print(run_simulation(int(seed)).digest())
"""


@cache
def history_of(seed: int) -> History:
    """Each seed is run once for all tests."""
    return run_simulation(seed)


def replay(seed: int) -> str:
    """How to see it again."""
    return f"python -m tests.simulation.replay {seed} -v"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_invariant_holds(seed: int) -> None:
    wrong = check(history_of(seed))
    assert not wrong, "\n".join([f"{len(wrong)} wrong; again with: {replay(seed)}", *wrong[:SHOWN_MAX]])


def test_every_fault_happens_somewhere() -> None:
    fired: Counter[str] = Counter()
    for seed in SEEDS:
        fired.update(history_of(seed).fired)
    expected = {*FAULTS, *(each.name for each in fields(Chances)), "poison", "withdrawn over http", "connection_lost"}
    assert {name for name in expected if not fired[name]} == set()


def test_every_outcome_happens_somewhere() -> None:
    seen = {row.head.state for seed in SEEDS for row in history_of(seed).jobs().values()}
    assert seen == {"completed", "failed", "cancelled", "expired", "rejected"}


def test_work_is_held_and_answers_of_held_backends_are_not_believed() -> None:
    events = [event for seed in SEEDS for event in history_of(seed).events()]
    assert sum(event.type == "JobHeld" for event in events) > 50
    assert any('"code":"backend_quarantined"' in event.data for event in events if event.type == "ResultRejected")


def test_suspect_answers_are_told_of_and_asked_again() -> None:
    told = [record for seed in SEEDS for record in history_of(seed).broker.records("jobs.invalidated")]
    again = [event for seed in SEEDS for event in history_of(seed).events() if '"role":"rerun"' in event.data]
    assert len(told) > 20
    assert len(again) > 10


def test_the_same_seed_gives_the_same_history_in_this_process_and_in_another() -> None:
    busiest = max(SEEDS, key=lambda seed: len(history_of(seed).faults))
    digests = [history_of(seed).digest() for seed in (busiest, WITH_CIRCUITS)]
    assert [run_simulation(seed).digest() for seed in (busiest, WITH_CIRCUITS)] == digests
    other = subprocess.run(
        [sys.executable, "-c", DIGESTS, str(busiest), str(WITH_CIRCUITS)],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.split() == digests


@pytest.mark.soak
def test_soak() -> None:
    bad = {seed: wrong for seed in range(SOAK_SEEDS) if (wrong := check(run_simulation(seed)))}
    assert not bad, "\n".join(f"{replay(seed)}: {wrong[0]}" for seed, wrong in bad.items())
