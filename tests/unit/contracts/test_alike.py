"""Which work orders ask the same: what decides it, and that everything else leaves a record with the key of its job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.alike import SHIFT_MAX, SHORT_BYTES, key_of_order, question_of
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.events import JobQueued
from queuebit_contracts.ids import seed_of
from queuebit_contracts.jobs import Problem

ONE, OTHER = (str(UUID(int=(0x0190 << 112) + nth)) for nth in (1, 2))
EDGES = [[i, j, 1 + i * j % 7] for j in range(20) for i in range(j)]
RING = Problem(kind="maxcut", statement={"nodes": 20, "edges": EDGES})


def an_order(job: str = ONE, **changes: Any) -> JobQueued:
    problem = changes.get("problem", RING)
    values: dict[str, Any] = {
        "attempt_id": UUID(int=7), "leg": "primary-classical", "role": "primary", "lane": "classical", "number": 1,
        "tier": "batch", "problem": problem, "fingerprint": fingerprint(problem), "seed": seed_of(UUID(job)),
        "budget_s": 10.0, **changes,
    }  # fmt: skip
    return JobQueued(**values)


def key(job: str = ONE, tenant: str = "acme", **changes: Any) -> bytes | None:
    return key_of_order(encode_data(an_order(job, **changes)), tenant, job)


def test_two_jobs_that_ask_the_same_and_no_seed_have_one_key() -> None:
    assert key(ONE) == key(OTHER, attempt_id=UUID(int=8), number=2, leg="other")
    assert key(ONE, seed=5) == key(OTHER, seed=5)
    found = key()
    assert found is not None
    assert (found[:2], len(found)) == (b"q-", 34)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 5},
        {"seed": seed_of(UUID(OTHER)) + 1},
        {"budget_s": 11.0},
        {"params": {"layers": 2}},
        {"lane": "rule"},
        {"problem": Problem(kind="maxcut", statement={"nodes": 21, "edges": EDGES})},
        {"tenant": "globex"},
    ],
)
def test_what_asks_otherwise_has_another_one(changes: dict[str, Any]) -> None:
    other = key(OTHER, **changes)

    assert other is not None
    assert other != key(ONE)


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "shadow"},
        {"hint": {"side": [0]}},
        {"degraded": 1},
        {"params": {"cache": "never"}},
        {"params": {"reproducible": False}},
    ],
)
def test_what_runs_for_itself_has_the_key_of_its_job(changes: dict[str, Any]) -> None:
    assert key(**changes) is None
    assert question_of(an_order(**changes), "acme", ONE) is None


def test_a_seed_that_was_asked_for_is_another_than_none() -> None:
    """Legs of a plan are shifted against each other: each of them meets its own like."""
    seeds = [seed_of(UUID(ONE)) + shift for shift in (0, 1, SHIFT_MAX, SHIFT_MAX + 1, -1)]
    found = [question_of(an_order(seed=seed), "acme", ONE) for seed in seeds]

    assert len(set(found)) == len(seeds)
    assert [question_of(an_order(OTHER, seed=seed_of(UUID(OTHER)) + 1), "acme", OTHER)] == found[1:2]
    assert question_of(an_order(), "acme", "no id") != question_of(an_order(OTHER), "acme", "no id")


def test_what_is_short_or_cannot_be_read_has_the_key_of_its_job() -> None:
    short = an_order(problem=Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, 1]]}))
    long = encode_data(an_order())

    assert (len(encode_data(short)) <= SHORT_BYTES < len(long), key_of_order(encode_data(short), "acme", ONE)) == (
        True,
        None,
    )
    for broken in (
        long[:-1],
        long.replace(b'"seed":', b'"weed":'),
        b"[" * 200_000,
        b"\xff" * 2_000,
    ):
        assert key_of_order(broken, "acme", ONE) is None
