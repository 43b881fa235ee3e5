"""Backends of IBM Quantum as an operator names them. Nothing of Qiskit is imported, and nothing is asked of the network.

IBM's own client reads the account: `QISKIT_IBM_TOKEN`, `QISKIT_IBM_INSTANCE` and others.

| variable | meaning | default | values |
| --- | --- | --- | --- |
| `QUEUEBIT_IBM_BACKENDS` | The backends, the preferred one first; local:fake_manila is simulated. | none | names with commas |
| `QUEUEBIT_IBM_QUBITS_MAX` | The largest circuit that is sent there. | 127 | number, > 0 |
| `QUEUEBIT_IBM_LAG_S` | How long after it was sent a job may still turn up, at most. | 300 | seconds |
| `QUEUEBIT_IBM_DEADLINE_S` | How long a submission may take; what is only asked may take 5 s. | 30 | seconds |
| `QUEUEBIT_IBM_CALIBRATION_S` | How old a calibration may be before it is asked for again. | 3600 | seconds |
| `QUEUEBIT_IBM_AT_ONCE` | How many submissions of the account there are at a time. | no limit | number, > 0 |
| `QUEUEBIT_IBM_PER_MINUTE` | How many submissions of the account begin in a minute. | no limit | number, > 0 |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_contracts.regions import LOCAL as HERE
from queuebit_contracts.regions import region_of_crn
from queuebit_quantum_adapter.backends.settings import limit, names, number
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup

CORE_QUBITS_MAX = 16
MITIGATIONS = ("dd", "twirling", "trex", "zne")
"""What the client can do; that it knows pea and pec too, which need a noise model that was learned beforehand, is refused."""
LOCAL, LOCAL_QUBITS_MAX = "local:", 10
QUBITS_MAX, LAG_S, DEADLINE_S, CALIBRATION_S = 127, 300.0, 30.0, 3600.0


def offer(setup: Setup) -> tuple[BackendSpec, ...]:  # noqa: ARG001
    """The backends that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(os.environ)


def backends(env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend, or UnknownTarget for a device that is not known here."""
    return tuple(
        _local(name.removeprefix(LOCAL)) if name.startswith(LOCAL) else _device(name, env)
        for name in names(env, "QUEUEBIT_IBM_BACKENDS", f"the backends, such as ibm_brisbane, or {LOCAL}fake_manila")
    )


def local_name(device: str) -> str:
    """What people know the simulation of a device by."""
    return f"ibm_local_{device}"


def _device(name: str, env: Mapping[str, str]) -> BackendSpec:
    qubits_max = int(number(env, "QUEUEBIT_IBM_QUBITS_MAX", QUBITS_MAX))
    return BackendSpec(
        name=name,
        version=_version(),
        lane="quantum",
        opener="queuebit_quantum_adapter.providers.ibm.provider:open_provider",
        qubits_max=qubits_max,
        core_qubits_max=min(CORE_QUBITS_MAX, qubits_max),
        noisy=True,
        transpiles=True,
        durable=True,
        region=region_of_crn(env.get("QISKIT_IBM_INSTANCE", "")),
        account=f"ibm:{hashlib.sha256(env.get('QISKIT_IBM_INSTANCE', '').encode()).hexdigest()[:12]}",
        at_once_max=limit(env, "QUEUEBIT_IBM_AT_ONCE"),
        per_minute_max=limit(env, "QUEUEBIT_IBM_PER_MINUTE"),
        mitigations=MITIGATIONS,
        options={
            "backend": name,
            "lag_s": number(env, "QUEUEBIT_IBM_LAG_S", LAG_S),
            "deadline_s": number(env, "QUEUEBIT_IBM_DEADLINE_S", DEADLINE_S),
            "calibration_s": number(env, "QUEUEBIT_IBM_CALIBRATION_S", CALIBRATION_S),
        },
    )


def _local(device: str) -> BackendSpec:
    snapshot = snapshot_of(device)
    qubits_max = min(snapshot.qubits, LOCAL_QUBITS_MAX)
    return BackendSpec(
        name=local_name(device),
        version=_version(),
        region=HERE,
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.ibm.local:open_provider",
        qubits_max=qubits_max,
        core_qubits_max=qubits_max,
        noisy=True,
        transpiles=True,
        calibrated_at=snapshot.calibrated_at,
        remedy="State a smaller problem, or use another backend.",
        mitigations=MITIGATIONS,
        options={"device": device, "maker": snapshot.maker, "qubits_max": qubits_max},
    )


def _version() -> str:
    return f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')}"
