"""Processors of Google that Cirq simulates here. Nothing of it is imported.

| variable | meaning | default | values |
| --- | --- | --- | --- |
| `QUEUEBIT_CIRQ_PROCESSORS` | Whose constraints hold: willow_pink, weber, rainbow. | willow_pink | names with commas |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_contracts.regions import LOCAL
from queuebit_quantum_adapter.backends.settings import names
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup
from queuebit_quantum_adapter.errors import NoBackend

QUBITS = {"willow_pink": 105, "weber": 53, "rainbow": 23}
"""The processors that Cirq describes, and how many qubits each has."""
PREFERRED = "willow_pink"


def offer(setup: Setup) -> tuple[BackendSpec, ...]:
    """The processors that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(setup, os.environ)


def backends(setup: Setup, env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend."""
    variable = "QUEUEBIT_CIRQ_PROCESSORS"
    known = ", ".join(QUBITS)
    found = names({variable: PREFERRED, **env}, variable, f"some of {known}")
    if unknown := [name for name in found if name not in QUBITS]:
        raise NoBackend(f"{variable} has {unknown[0][:40]!r}.", remedy=f"Use some of {known}.")
    return tuple(_processor(setup, name) for name in found)


def _processor(setup: Setup, name: str) -> BackendSpec:
    limits = setup.limits
    qubits_max = min(limits.qubits_hard_max, QUBITS[name])
    return BackendSpec(
        name=f"cirq_{name}",
        version=f"cirq-google {version('cirq-google')}",
        region=LOCAL,
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.cirq.provider:open_provider",
        qubits_max=qubits_max,
        options={"processor": name, "qubits_max": qubits_max, "memory_bytes_max": limits.memory_bytes_max},
    )
