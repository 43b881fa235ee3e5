"""Builders: Ising models, tasks and orders, of which only what differs is said."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from queuebit_contracts.events import JobQueued
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Lane, Problem, Tier
from queuebit_problems.encoding.qubo import Exact, Ising, Pair
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.task import Recipe, Task

LIMITS = Limits({"interactive": 20, "batch": 24, "scheduled": 26}, memory_bytes_max=4 * 2**30)
JOB = uuid7(1_750_000_000_000, 1)
_NUMBERS = itertools.count(1000)
NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)


def an_attempt(number: int = 1) -> UUID:
    return attempt_id_of(JOB, "primary", number)


def a_maxcut(nodes: int, seed: int = 1, *, density: float = 0.5, weights: tuple[int, ...] = (1,)) -> Problem:
    generator = random.Random(seed)
    edges = [
        [u, v, generator.choice(weights)]
        for u in range(nodes)
        for v in range(u + 1, nodes)
        if v == u + 1 or generator.random() < density
    ]
    return Problem(kind="maxcut", statement={"nodes": nodes, "edges": edges})


def an_ising(n: int, seed: int) -> Ising:
    """A random model with fields, of mixed signs and exact fractions, not symmetric under any exchange of qubits."""
    generator = random.Random(seed)
    h: dict[int, Exact] = {i: Fraction(generator.randint(-9, 9), 4) for i in range(n) if generator.random() < 0.8}
    j: dict[Pair, Exact] = {
        (i, k): Fraction(generator.randint(-9, 9), 3)
        for i in range(n)
        for k in range(i + 1, n)
        if generator.random() < 0.7
    }
    return Ising(n, {i: v for i, v in h.items() if v}, {pair: v for pair, v in j.items() if v}, Fraction(1, 7))


def a_task(
    problem: Problem, *, seed: int = 7, budget_s: float = 60.0, number: int | None = None, **recipe: Any
) -> Task:
    """A task of an attempt of its own, unless a number is given."""
    return Task(
        an_attempt(next(_NUMBERS) if number is None else number),
        problem,
        seed,
        budget_s,
        Recipe(**recipe),
        LIMITS,
        aer(LIMITS),
    )


def an_order(
    problem: Problem,
    *,
    lane: Lane = "simulator",
    tier: Tier = "interactive",
    budget_s: float = 60.0,
    seed: int = 7,
    number: int = 1,
    params: dict[str, Any] | None = None,
) -> JobQueued:
    return JobQueued(
        attempt_id=an_attempt(number),
        leg="primary",
        role="primary",
        lane=lane,
        number=number,
        tier=tier,
        problem=problem,
        fingerprint="0" * 64,
        seed=seed,
        budget_s=budget_s,
        params=params or {},
    )
