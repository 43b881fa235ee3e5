"""Clouds on loopback beside a stack: started with it, ended with it, and what leads the quantum adapter there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from queuebit_devstack.errors import ServiceFailed
from queuebit_devstack.processes import Child, child_env, spawn, tail
from queuebit_devstack.stack import Stack

OPEN_TIMEOUT_S = 120.0
LOOK_INTERVAL_S = 0.1
PROVIDERS = "QUEUEBIT_QUANTUM_PROVIDERS"
DEVICE, DEVICE_QUBITS = "fake_nairobi", 7


@dataclass(frozen=True, slots=True)
class Cloud:
    """`argv`: its module and that one's arguments; `env`: what the adapter is told beside what the cloud prints."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


CLOUDS: Mapping[str, Cloud] = {
    "ibm": Cloud(
        ("queuebit_workbench.clouds.ibm", DEVICE),
        {
            "QUEUEBIT_IBM_BACKENDS": DEVICE,
            "QUEUEBIT_IBM_QUBITS_MAX": str(DEVICE_QUBITS),
            "QUEUEBIT_IBM_LAG_S": "1",
        },
    ),
    "braket": Cloud(("queuebit_workbench.clouds.braket",), {"QUEUEBIT_BRAKET_QUBITS_MAX": "8"}),
    "leap": Cloud(("queuebit_workbench.clouds.leap",), {"QUEUEBIT_LEAP_LAG_S": "1"}),
}


async def start_clouds(stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Start the clouds of these names; what the services need in their environment to use them, in this order of preference.

    Raises ServiceFailed where one does not open.
    """
    named = list(names)
    if not named:
        return {}
    found = await asyncio.gather(*(_opened(stack, name) for name in named))
    wanted = [each for each in os.environ.get(PROVIDERS, "aer").split(",") if each]
    env = {PROVIDERS: ",".join(dict.fromkeys([*wanted, *named]))}
    for each in found:
        env |= each
    return env


async def _opened(stack: Stack, name: str) -> dict[str, str]:
    cloud, log = CLOUDS[name], stack.data_dir / "logs" / f"{name}-cloud.log"
    log.unlink(missing_ok=True)
    child = spawn(
        f"{name}-cloud",
        (sys.executable, "-m", *cloud.argv),
        marker=cloud.argv[0],
        log=log,
        env=child_env(stack.data_dir, {}),
    )
    stack.record(child.record)
    return {**await _told(child, log, name), **cloud.env}


async def _told(child: Child, log: Path, name: str) -> dict[str, str]:
    """What the cloud prints when it is open."""
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            while child.exit_code() is None:
                for line in await asyncio.to_thread(_lines, log):
                    if line.startswith("{") and line.endswith("}\n"):
                        told: dict[str, str] = json.loads(line)
                        return told
                await asyncio.sleep(LOOK_INTERVAL_S)
    except TimeoutError:
        pass
    raise ServiceFailed(
        f"The cloud of {name} on loopback does not open. Is the extra {name} installed? Its last lines:\n{tail(log)}"
    )


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines(keepends=True)
