"""Samplers of D-Wave that run here. Nothing of them is imported.

| variable | meaning | default | values |
| --- | --- | --- | --- |
| `QUEUEBIT_DWAVE_SAMPLERS` | Which are offered: annealing, tabu, descent. | annealing | names with commas |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_contracts.regions import LOCAL
from queuebit_quantum_adapter.backends.settings import names
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup
from queuebit_quantum_adapter.errors import NoBackend

SAMPLERS = ("annealing", "tabu", "descent")
SPINS_MAX = 2_000
VARIABLE = "QUEUEBIT_DWAVE_SAMPLERS"


def offer(setup: Setup) -> tuple[BackendSpec, ...]:  # noqa: ARG001
    """The samplers that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(os.environ)


def backends(env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend."""
    known = ", ".join(SAMPLERS)
    found = names({VARIABLE: SAMPLERS[0], **env}, VARIABLE, f"some of {known}")
    if unknown := [name for name in found if name not in SAMPLERS]:
        raise NoBackend(f"{VARIABLE} has {unknown[0][:40]!r}.", remedy=f"Use some of {known}.")
    return tuple(
        BackendSpec(
            name=f"dwave_{name}",
            version=f"dwave-samplers {version('dwave-samplers')}",
            region=LOCAL,
            lane="simulator",
            opener="queuebit_quantum_adapter.providers.dwave.provider:open_provider",
            qubits_max=SPINS_MAX,
            annealer=True,
            options={"sampler": name},
        )
        for name in found
    )
