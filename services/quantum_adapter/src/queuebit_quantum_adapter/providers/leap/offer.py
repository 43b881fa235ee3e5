"""Annealers of D-Wave's cloud Leap as an operator names them. Nothing of its client is imported, nothing asked of the network.

D-Wave's own client reads the account: `DWAVE_API_TOKEN`, `DWAVE_API_ENDPOINT`, `DWAVE_API_REGION`, or its configuration file.

| variable | meaning | default | values |
| --- | --- | --- | --- |
| `QUEUEBIT_LEAP_SOLVERS` | The annealers that are used, in order of preference. | none | names with commas |
| `QUEUEBIT_LEAP_SPINS_MAX` | The largest problem that is sent there. | 180 | number, > 0 |
| `QUEUEBIT_LEAP_LAG_S` | How long after it was sent a problem may be missing from Leap's list, at most. | 60 | seconds |
| `QUEUEBIT_LEAP_DEADLINE_S` | How long a submission may take; what is only asked may take 5 s. | 8 | seconds |
| `QUEUEBIT_LEAP_AT_ONCE` | How many submissions of the account there are at a time. | no limit | number, > 0 |
| `QUEUEBIT_LEAP_PER_MINUTE` | How many submissions of the account begin in a minute. | no limit | number, > 0 |
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from importlib.metadata import version

from queuebit_quantum_adapter.backends.settings import limit, names, number
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup

_REGIONAL = re.compile(r"https://([a-z]+-[a-z]+-[0-9]+)\.cloud\.dwavesys\.com(/|$)")
SPINS_MAX, LAG_S, DEADLINE_S = 180, 60.0, 8.0


def offer(setup: Setup) -> tuple[BackendSpec, ...]:  # noqa: ARG001
    """The annealers that the environment names: an entry point of `queuebit.providers`. Raises NoBackend."""
    return backends(os.environ)


def backends(env: Mapping[str, str]) -> tuple[BackendSpec, ...]:
    """The same of any environment. Raises NoBackend."""
    spins_max = int(number(env, "QUEUEBIT_LEAP_SPINS_MAX", SPINS_MAX))
    return tuple(
        BackendSpec(
            name=name_of(solver),
            version=f"dwave-cloud-client {version('dwave-cloud-client')}",
            lane="quantum",
            opener="queuebit_quantum_adapter.providers.leap.provider:open_provider",
            qubits_max=spins_max,
            annealer=True,
            durable=True,
            region=region_of(env),
            account=f"leap:{hashlib.sha256(env.get('DWAVE_API_TOKEN', '').encode()).hexdigest()[:12]}",
            at_once_max=limit(env, "QUEUEBIT_LEAP_AT_ONCE"),
            per_minute_max=limit(env, "QUEUEBIT_LEAP_PER_MINUTE"),
            options={
                "solver": solver,
                "spins_max": spins_max,
                "lag_s": number(env, "QUEUEBIT_LEAP_LAG_S", LAG_S),
                "deadline_s": number(env, "QUEUEBIT_LEAP_DEADLINE_S", DEADLINE_S),
            },
        )
        for solver in names(env, "QUEUEBIT_LEAP_SOLVERS", "the annealers, such as Advantage2_system1")
    )


def region_of(env: Mapping[str, str]) -> str:
    """The region of the account as the environment states it; empty where the endpoint, which counts first, tells none."""
    endpoint = env.get("DWAVE_API_ENDPOINT", "")
    return region_at(endpoint) if endpoint else env.get("DWAVE_API_REGION", "")


def region_at(endpoint: str) -> str:
    """The region that an address of the service names; empty where it names none."""
    found = _REGIONAL.match(endpoint)
    return found[1] if found is not None else ""


def name_of(solver: str) -> str:
    """What people know an annealer by."""
    return f"leap_{solver.lower()}"
