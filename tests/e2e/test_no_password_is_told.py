"""Whatever goes wrong with a server, no program tells the password that it was given for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from queuebit_devstack.ports import free_ports

SECRET = "hunter2-hunter2-hunter2"
PROGRAMS = {
    "migrate": ("queuebit_store", "migrate"),
    "topics": ("queuebit_runtime", "topics"),
    "keys": ("queuebit_gateway", "keys", "list"),
    "gateway": ("queuebit_gateway",),
    "control plane": ("queuebit_control_plane",),
    "solver": ("queuebit_classical_solver",),
}


@pytest.mark.parametrize(
    ("program", "form"), [*((each, "URL") for each in PROGRAMS), ("migrate", "no URL"), ("gateway", "no URL")]
)
async def test_a_server_that_is_not_there(program: str, form: str) -> None:
    """Given logins for servers that do not answer, or a URL that is none, then the program ends and names no secret."""
    (port,) = free_ports(1)
    url = f"postgresql://queuebit:{SECRET}@127.0.0.1:{port}/queuebit" if form == "URL" else f"queuebit:{SECRET}@db"
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")} | {
        "QUEUEBIT_KAFKA": f"127.0.0.1:{port}",
        "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "QUEUEBIT_KAFKA_USERNAME": "queuebit",
        "QUEUEBIT_KAFKA_PASSWORD": SECRET,
        "QUEUEBIT_POSTGRES": url,
        "QUEUEBIT_PEPPER": f"{SECRET}-pepper",
        "QUEUEBIT_START_TIMEOUT_S": "1",
        "QUEUEBIT_LOG_LEVEL": "DEBUG",
    }

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", *PROGRAMS[program]],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode != 0
    assert done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
