"""Resources of QRMI as an operator names them. Nothing of it is imported, and nothing is asked of the network.

QRMI reads the access to each resource from the environment, its name before each variable: `NAME_QRMI_IBM_QCS_ENDPOINT`,
`_IAM_ENDPOINT`, `_IAM_APIKEY` and `_SERVICE_CRN`.

| variable | meaning | default | values |
| --- | --- | --- | --- |
| `QUEUEBIT_QRMI_RESOURCES` | The resources that are used, in order of preference. | none | names with commas |
| `QUEUEBIT_QRMI_QUBITS_MAX` | The largest circuit that is sent there. | 127 | number, > 0 |
| `QUEUEBIT_QRMI_LAG_S` | How long after it was sent a job may still turn up, at most. | 300 | seconds |
| `QUEUEBIT_QRMI_DEADLINE_S` | How long one request may take. | 30 | seconds |
| `QUEUEBIT_QRMI_AT_ONCE` | How many submissions of the account there are at a time. | no limit | number, > 0 |
| `QUEUEBIT_QRMI_PER_MINUTE` | How many submissions of the account begin in a minute. | no limit | number, > 0 |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_contracts.regions import region_of_crn
from queuebit_quantum_adapter.backends.settings import limit, names, number
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup
from queuebit_quantum_adapter.errors import NoBackend

CORE_QUBITS_MAX = 16
QUBITS_MAX, LAG_S, DEADLINE_S = 127, 300.0, 30.0
MITIGATIONS = ("dd", "twirling", "trex", "zne")
NEEDED = ("ENDPOINT", "IAM_ENDPOINT", "IAM_APIKEY", "SERVICE_CRN")


def offer(setup: Setup) -> tuple[BackendSpec, ...]:  # noqa: ARG001
    """The resources that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(os.environ)


def variable(resource: str, name: str) -> str:
    """What QRMI reads of a resource."""
    return f"{resource}_QRMI_IBM_QCS_{name}"


def backends(env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend."""
    return tuple(
        _spec(resource, env)
        for resource in names(env, "QUEUEBIT_QRMI_RESOURCES", "the resources, such as ibm_brisbane")
    )


def name_of(resource: str) -> str:
    """What people know a resource by."""
    return f"qrmi_{resource}"


def _spec(resource: str, env: Mapping[str, str]) -> BackendSpec:
    missing = [variable(resource, name) for name in NEEDED if not env.get(variable(resource, name))]
    if missing:
        raise NoBackend(f"{missing[0]} is not set.", remedy="Set it, or leave the resource out.")
    qubits_max = int(number(env, "QUEUEBIT_QRMI_QUBITS_MAX", QUBITS_MAX))
    crn = env[variable(resource, "SERVICE_CRN")]
    return BackendSpec(
        name=name_of(resource),
        version=f"qrmi {version('qrmi')}",
        lane="quantum",
        opener="queuebit_quantum_adapter.providers.qrmi.provider:open_provider",
        qubits_max=qubits_max,
        core_qubits_max=min(CORE_QUBITS_MAX, qubits_max),
        noisy=True,
        transpiles=True,
        durable=True,
        region=region_of_crn(crn),
        account=f"ibm:{hashlib.sha256(crn.encode()).hexdigest()[:12]}",
        at_once_max=limit(env, "QUEUEBIT_QRMI_AT_ONCE"),
        per_minute_max=limit(env, "QUEUEBIT_QRMI_PER_MINUTE"),
        mitigations=MITIGATIONS,
        options={
            "resource": resource,
            "lag_s": number(env, "QUEUEBIT_QRMI_LAG_S", LAG_S),
            "deadline_s": number(env, "QUEUEBIT_QRMI_DEADLINE_S", DEADLINE_S),
        },
    )
