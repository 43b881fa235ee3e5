"""One sampler of D-Wave. Imported in worker processes only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from dwave.samplers import SimulatedAnnealingSampler, SteepestDescentSampler, TabuSampler

from queuebit_quantum_adapter.errors import TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Capabilities, Preflight, Request, Result, Spins
from queuebit_quantum_adapter.providers.dwave.offer import SPINS_MAX
from queuebit_quantum_adapter.providers.here import RunsHere

SHOTS_MAX = 100_000
TABU_RESTARTS, TABU_TIMEOUT_MS = 3, 60_000
"""Restarts end a read, not the clock: the same seed gives the same samples."""
SAMPLERS: Mapping[str, tuple[Callable[[], Any], Mapping[str, int]]] = {
    "annealing": (SimulatedAnnealingSampler, {}),
    "tabu": (TabuSampler, {"num_restarts": TABU_RESTARTS, "timeout": TABU_TIMEOUT_MS}),
    "descent": (SteepestDescentSampler, {}),
}
METHODS = {"annealing": "simulated annealing", "tabu": "tabu search", "descent": "steepest descent"}


class DwaveSampler(RunsHere):
    """An annealer that is a classical heuristic on this machine, and says so."""

    def __init__(self, *, sampler: str) -> None:
        self._name = sampler
        super().__init__(self._ran)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=f"dwave_{self._name}",
            version=f"dwave-samplers {version('dwave-samplers')}",
            lane="simulator",
            qubits_max=SPINS_MAX,
            shots_max=SHOTS_MAX,
            noise=f"{METHODS[self._name]} on this machine",
            annealer=True,
            circuits_max=0,
        )

    def discover(self) -> tuple[Capabilities, ...]:
        return (self.capabilities(),)

    def preflight(self, request: Request) -> Preflight:
        spins = request.spins
        if spins is None or request.circuits:
            raise UnusableProblem(
                "An annealer runs no circuits.", remedy="Ask for params.method anneal, or another backend."
            )
        if spins.count > SPINS_MAX:
            raise TooManyQubits(f"The problem needs {spins.count} spins; dwave_{self._name} takes {SPINS_MAX}.")
        return Preflight(spins.count, record=self._record())

    def _ran(self, request: Request) -> Result:
        self.preflight(request)
        assert request.spins is not None
        begun = time.perf_counter()
        found = self._sampled(request.spins, request.shots or 1, request.seeds[0])
        run_s = round(time.perf_counter() - begun, 6)
        return Result(
            (_counts(found, request.spins.count),), record=self._record(), timing={"queue_s": 0.0, "run_s": run_s}
        )

    def _sampled(self, spins: Spins, shots: int, seed: int) -> Any:
        fields = dict.fromkeys(range(spins.count), 0.0) | dict(spins.fields)
        couplings = {(i, k): value for i, k, value in spins.couplings}
        make, more = SAMPLERS[self._name]
        return make().sample_ising(fields, couplings, num_reads=shots, seed=seed, **more)

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
def open_provider(sampler: str) -> DwaveSampler:
    """The sampler of this process."""
    return DwaveSampler(sampler=sampler)
