"""One sampler of D-Wave on this machine. Imported in worker processes only."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any
from uuid import UUID

import numpy as np
from dwave.samplers import SimulatedAnnealingSampler, SteepestDescentSampler, TabuSampler

from queuebit_quantum_adapter.annealers import Annealed, Annealing, Samples
from queuebit_quantum_adapter.errors import KeyReused, RunFailed
from queuebit_quantum_adapter.evidence.port import Hear
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, RunState
from queuebit_quantum_adapter.providers.dwave.offer import SPINS_MAX

SHOTS_MAX = 100_000
RESULTS_MAX = 4
TABU_RESTARTS, TABU_TIMEOUT_MS = 3, 60_000
"""Restarts end a read, not the clock: the same seed gives the same samples."""
SAMPLERS: Mapping[str, tuple[Callable[[], Any], Mapping[str, int]]] = {
    "annealing": (SimulatedAnnealingSampler, {}),
    "tabu": (TabuSampler, {"num_restarts": TABU_RESTARTS, "timeout": TABU_TIMEOUT_MS}),
    "descent": (SteepestDescentSampler, {}),
}
METHODS = {"annealing": "simulated annealing", "tabu": "tabu search", "descent": "steepest descent"}


class DwaveSampler:
    """An annealer that is a classical heuristic on this machine, and says so. It is done when something is handed in; the last
    few results are kept.
    """

    def __init__(self, *, sampler: str) -> None:
        self._name = sampler
        self._results: OrderedDict[str, tuple[Annealing, Samples]] = OrderedDict()

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=f"dwave_{self._name}",
            version=f"dwave-samplers {version('dwave-samplers')}",
            lane="simulator",
            qubits_max=SPINS_MAX,
            shots_max=SHOTS_MAX,
            noise=f"{METHODS[self._name]} on this machine",
        )

    def discover(self) -> tuple[Capabilities, ...]:
        return (self.capabilities(),)

    def prepare(self, asked: Annealing) -> Preflight:
        return Preflight(asked.spins.count, record=self._record())

    def submit(self, asked: Annealing, key: UUID) -> str:
        kept = self._results.get(str(key))
        if kept is None:
            self._results[str(key)] = asked, self._sampled(asked)
            while len(self._results) > RESULTS_MAX:
                self._results.popitem(last=False)
        elif kept[0] != asked:
            raise KeyReused(f"The key {key} was used for another request before.")
        return str(key)

    def poll(self, provider_id: str) -> Poll:
        return Poll(RunState.SUCCEEDED if provider_id in self._results else RunState.UNKNOWN)

    def samples(self, provider_id: str) -> Samples:
        if provider_id not in self._results:
            raise RunFailed(f"No result is kept under {provider_id}.")
        return self._results[provider_id][1]

    def cancel(self, provider_id: str) -> None:
        """Nothing runs between two calls, so that there is nothing to end."""

    def reconcile(self, key: UUID) -> tuple[str, ...]:
        return (str(key),) if str(key) in self._results else ()

    def overhear(self, hear: Hear | None) -> None:
        """There is no wire."""

    def _sampled(self, asked: Annealing) -> Samples:
        spins, begun_s = asked.spins, time.perf_counter()
        fields = dict.fromkeys(range(spins.count), 0.0) | dict(spins.fields)
        couplings = {(i, k): value for i, k, value in spins.couplings}
        make, more = SAMPLERS[self._name]
        found = make().sample_ising(fields, couplings, num_reads=asked.reads, seed=asked.seed, **more)
        timing = {"queue_s": 0.0, "run_s": round(time.perf_counter() - begun_s, 6)}
        return Samples(_counts(found, spins.count), self._record(), timing)

    def _record(self) -> dict[str, Any]:
        packages = {"dwave-samplers": version("dwave-samplers")}
        return {"method": METHODS[self._name], "noise": f"{METHODS[self._name]} on this machine", "packages": packages}


def _counts(found: Any, spins: int) -> dict[int, int]:
    """Bit k of an outcome is 1 where spin k is -1."""
    order = np.argsort(np.array(list(found.variables)))
    rows = found.record.sample[:, order] < 0
    counts: dict[int, int] = {}
    for row, times in zip(rows, found.record.num_occurrences, strict=True):
        bits = sum(1 << k for k in range(spins) if row[k])
        counts[bits] = counts.get(bits, 0) + int(times)
    return dict(sorted(counts.items()))


@lru_cache(maxsize=4)
def open_provider(sampler: str) -> Annealed:
    """The sampler of this process."""
    return Annealed(DwaveSampler(sampler=sampler))
