"""Devices of Amazon Braket as an operator names them. Nothing of its SDK is imported, and nothing is asked of the network.

boto3 reads the account: `AWS_REGION`, `AWS_PROFILE` and others. Amazon's simulators charge, so that they run those jobs alone
that name them in `params.backend`.

| variable | meaning | default | values |
| --- | --- | --- | --- |
| `QUEUEBIT_BRAKET_DEVICES` | ARNs, in order of preference; local is the simulator on this machine. | none | names with commas |
| `QUEUEBIT_BRAKET_BUCKET` | The S3 bucket of the results; needed unless only local is named. | none | text |
| `QUEUEBIT_BRAKET_PREFIX` | The folder in the bucket. | queuebit | text |
| `QUEUEBIT_BRAKET_QUBITS_MAX` | The largest circuit that is sent to a device. | 30 | number, > 0 |
| `QUEUEBIT_BRAKET_LAG_S` | How long after it was sent a task may be missing from Braket's list, at most. | 60 | seconds |
| `QUEUEBIT_BRAKET_DEADLINE_S` | How long one request may take. | 8 | seconds |
| `QUEUEBIT_BRAKET_AT_ONCE` | How many submissions of the account there are at a time in a region. | no limit | number, > 0 |
| `QUEUEBIT_BRAKET_PER_MINUTE` | How many submissions of the account begin in a minute in a region. | no limit | number, > 0 |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_contracts.jobs import Lane
from queuebit_contracts.regions import LOCAL as HERE
from queuebit_contracts.regions import region_of_arn
from queuebit_quantum_adapter.backends.settings import limit, names, number
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup
from queuebit_quantum_adapter.errors import NoBackend

LOCAL, LOCAL_NAME = "local", "braket_local"
CORE_QUBITS_MAX = 16
QUBITS_MAX, LAG_S, DEADLINE_S = 30, 60.0, 8.0
ARN = "arn:aws:braket:"


def offer(setup: Setup) -> tuple[BackendSpec, ...]:
    """The devices that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(setup, os.environ)


def backends(setup: Setup, env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend."""
    return tuple(
        _local(setup) if name == LOCAL else _device(name, env)
        for name in names(env, "QUEUEBIT_BRAKET_DEVICES", f"{LOCAL}, or the ARNs of devices")
    )


def name_of(arn: str) -> str:
    """What people know a device by: the end of its ARN, in small letters."""
    return f"braket_{arn.rpartition('/')[2].lower()}"


def lane_of(arn: str) -> Lane:
    """Amazon rents simulators beside machines: what they give is simulated."""
    return "simulator" if "/quantum-simulator/" in arn else "quantum"


def account_of(arn: str, env: Mapping[str, str]) -> str:
    """Amazon counts by region what an account asks: a device names its own, a simulator stands where the account is at home."""
    region = arn.split(":")[3] or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "home"
    return f"braket:{region}"


def _local(setup: Setup) -> BackendSpec:
    limits = setup.limits
    return BackendSpec(
        name=LOCAL_NAME,
        version=_version(),
        region=HERE,
        lane="simulator",
        opener="queuebit_quantum_adapter.providers.braket.local:open_provider",
        qubits_max=limits.qubits_hard_max,
        options={"qubits_max": limits.qubits_hard_max, "memory_bytes_max": limits.memory_bytes_max},
    )


def _device(arn: str, env: Mapping[str, str]) -> BackendSpec:
    if not arn.startswith(ARN):
        raise NoBackend(f"QUEUEBIT_BRAKET_DEVICES has {arn[:80]!r}.", remedy=f"Use {LOCAL}, or ARNs ({ARN}…).")
    bucket = env.get("QUEUEBIT_BRAKET_BUCKET", "")
    if not bucket:
        raise NoBackend("QUEUEBIT_BRAKET_BUCKET is not set.", remedy="Name the S3 bucket for the results.")
    qubits_max = int(number(env, "QUEUEBIT_BRAKET_QUBITS_MAX", QUBITS_MAX))
    return BackendSpec(
        name=name_of(arn),
        version=_version(),
        lane=lane_of(arn),
        opener="queuebit_quantum_adapter.providers.braket.provider:open_provider",
        qubits_max=qubits_max,
        core_qubits_max=min(CORE_QUBITS_MAX, qubits_max),
        noisy=lane_of(arn) == "quantum",
        durable=True,
        region=region_of_arn(arn),
        only_named=lane_of(arn) == "simulator",
        account=account_of(arn, env),
        at_once_max=limit(env, "QUEUEBIT_BRAKET_AT_ONCE"),
        per_minute_max=limit(env, "QUEUEBIT_BRAKET_PER_MINUTE"),
        options={
            "device": arn,
            "bucket": bucket,
            "prefix": env.get("QUEUEBIT_BRAKET_PREFIX") or "queuebit",
            "lag_s": number(env, "QUEUEBIT_BRAKET_LAG_S", LAG_S),
            "deadline_s": number(env, "QUEUEBIT_BRAKET_DEADLINE_S", DEADLINE_S),
        },
    )


def _version() -> str:
    return f"amazon-braket-sdk {version('amazon-braket-sdk')}"
