"""Backends of IBM Quantum as an operator names them. Nothing of Qiskit is imported, and nothing is asked of the network.

| variable | meaning |
| --- | --- |
| `QUEUEBIT_IBM_BACKENDS` | the backends that are used, parted by commas, in order of preference |
| `QUEUEBIT_IBM_QUBITS_MAX` | the largest circuit that is sent there; 127 where it is not set |
| `QUEUEBIT_IBM_LAG_S` | how long after it was sent a job may still turn up, at most; 300 where it is not set |
| `QUEUEBIT_IBM_DEADLINE_S` | how long one request may take; 30 where it is not set |
| `QUEUEBIT_IBM_CALIBRATION_S` | how old a calibration may be before it is asked for again; 3600 where it is not set |
| `QUEUEBIT_IBM_AT_ONCE` | how many submissions of the account are there at a time; no limit where it is not set |
| `QUEUEBIT_IBM_PER_MINUTE` | how many begin in a minute; no limit where it is not set |
| `QISKIT_IBM_TOKEN`, `QISKIT_IBM_INSTANCE` and others | the account, as the client of IBM reads them |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_quantum_adapter.backends.settings import names, number
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup

CORE_QUBITS_MAX = 16
QUBITS_MAX, LAG_S, DEADLINE_S, CALIBRATION_S = 127, 300.0, 30.0, 3600.0


def offer(setup: Setup) -> tuple[BackendSpec, ...]:  # noqa: ARG001
    """The backends that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(os.environ)


def backends(env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend."""
    qubits_max = int(number(env, "QUEUEBIT_IBM_QUBITS_MAX", QUBITS_MAX))
    options = {
        "lag_s": number(env, "QUEUEBIT_IBM_LAG_S", LAG_S),
        "deadline_s": number(env, "QUEUEBIT_IBM_DEADLINE_S", DEADLINE_S),
        "calibration_s": number(env, "QUEUEBIT_IBM_CALIBRATION_S", CALIBRATION_S),
    }
    return tuple(
        BackendSpec(
            name=name,
            version=f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')}",
            lane="quantum",
            opener="queuebit_quantum_adapter.providers.ibm.provider:open_provider",
            qubits_max=qubits_max,
            core_qubits_max=min(CORE_QUBITS_MAX, qubits_max),
            noisy=True,
            durable=True,
            account=f"ibm:{hashlib.sha256(env.get('QISKIT_IBM_INSTANCE', '').encode()).hexdigest()[:12]}",
            at_once_max=_limit(env, "QUEUEBIT_IBM_AT_ONCE"),
            per_minute_max=_limit(env, "QUEUEBIT_IBM_PER_MINUTE"),
            options={"backend": name, **options},
        )
        for name in names(env, "QUEUEBIT_IBM_BACKENDS", "the backends, such as ibm_brisbane")
    )


def _limit(env: Mapping[str, str], name: str) -> int:
    """So many at most; 0, where it is not set, for no limit."""
    return int(number(env, name, 1.0)) if env.get(name) else 0
