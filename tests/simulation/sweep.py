"""Many seeds at once, in processes of their own, and what is left of each when its history is gone."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from queuebit_contracts import channels
from queuebit_runtime.service.interpreter import calm_collector
from tests.simulation.checkers import check
from tests.simulation.history import History
from tests.simulation.simulation import run_simulation

CHUNK = 20
"""So many seeds a process is given at a time."""
REGRESSIONS = Path(__file__).with_name("regressions.txt")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a seed did and what is wrong with it."""

    seed: int
    wrong: tuple[str, ...]
    fired: Counter[str]
    states: frozenset[str]
    seen: Counter[str]
    """How many questions were fair, how many were answered, and how often what an operator does showed."""

    def __str__(self) -> str:
        return "\n    ".join(
            [f"seed {self.seed}: {len(self.wrong)} wrong; again with: {replay(self.seed)}", *self.wrong[:10]]
        )


def replay(seed: int) -> str:
    """How to see it again."""
    return f"python -m tests.simulation.replay {seed} -v"


def summary_of(seed: int) -> Summary:
    """Run a seed. What stops the run itself is wrong with it too."""
    try:
        history = run_simulation(seed)
    except Exception as error:
        return Summary(seed, (f"the run ended with {error!r}",), Counter(), frozenset(), Counter())
    states = frozenset(row.head.state for row in history.jobs().values())
    return Summary(seed, tuple(check(history)), history.fired, states, _seen(history))


def _start() -> None:
    """As services do: here it is a tenth of the time."""
    calm_collector()


def sweep(seeds: Iterable[int]) -> Iterator[Summary]:
    """Run them on every core, in their order."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_start) as pool:
        yield from pool.map(summary_of, seeds, chunksize=CHUNK)


def regressions() -> list[int]:
    """The seeds that found something once."""
    lines = REGRESSIONS.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


def _seen(history: History) -> Counter[str]:
    events = history.events()
    return Counter(
        fair=sum(ask.fair for ask in history.plan.asks),
        completed=sum(row.head.state == "completed" for row in history.jobs().values()),
        held=sum(event.type == "JobHeld" for event in events),
        unbelieved=sum(
            event.type == "ResultRejected" and '"code":"backend_quarantined"' in event.data for event in events
        ),
        asked_again=sum('"role":"rerun"' in event.data for event in events),
        told=len(history.broker.records(channels.INVALIDATED)),
        undone=len(history.broker.records(channels.COMPENSATIONS)),
        superseded=sum(event.type == "JobSuperseded" for event in events),
        improved=sum(event.type == "JobImproved" for event in events),
        builds=len(history.database.builds),
        projected=sum(build.events > 0 for build in history.database.builds.values()),
    )
