"""The machine that a job wants simulated: a target of its own instead of the one that the operator set for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from queuebit_quantum_adapter.backends.discovery import discover
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.backends.spec import EXACT, BackendSpec, Setup

TARGETS_MAX = 32
"""So many targets of jobs are remembered with their backends."""


class Targets:
    """The simulators of these providers, by what they are to stand in for."""

    def __init__(self, providers: Iterable[str], setup: Setup) -> None:
        self._providers = tuple(providers)
        self._setup = setup
        self._found = lru_cache(maxsize=TARGETS_MAX)(self._offered)

    def backends(self, target: str) -> Backends:
        """The backends that simulate a target. Raises UnknownTarget with the names that are nearest."""
        if target != EXACT:
            snapshot_of(target)
        return Backends(self._found(target))

    def _offered(self, target: str) -> tuple[BackendSpec, ...]:
        """An ideal machine is of each that has no noise; a device is of those alone that are there for its sake."""
        found = self._simulators(target)
        if target == EXACT:
            return tuple(spec for spec in found if not spec.noisy)
        whatever = {spec.name for spec in self._simulators(EXACT)}
        return tuple(spec for spec in found if spec.name not in whatever)

    def _simulators(self, target: str) -> tuple[BackendSpec, ...]:
        found = discover(self._providers, replace(self._setup, simulator_target=target))
        return tuple(spec for spec in found.specs if spec.lane == "simulator")
