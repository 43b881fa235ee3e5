"""The tenant, the key and the pepper of a local stack: made once, kept in the data folder, readable by its owner alone."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from queuebit_devstack.private import OPERATOR_FILE, write_private
from queuebit_devstack.processes import child_env, run_tool
from queuebit_devstack.stack import Stack

TENANT = "dev"
CLIENT_FILE = "client.json"
PEPPER_FILE = "pepper"
NAMESPACE_VARIABLE = "QUEUEBIT_NAMESPACE"
KEY_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a local client needs."""

    url: str
    api_key: str


def pepper(data_dir: Path) -> str:
    """The secret that API keys of this stack are hashed with."""
    path = data_dir / PEPPER_FILE
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text()


def gateway_env(data_dir: Path) -> dict[str, str]:
    """What the gateway needs to know besides the servers."""
    return {"QUEUEBIT_PEPPER": pepper(data_dir)}


async def ensure_credentials(stack: Stack, url: str) -> Credentials:
    """The key of the tenant `dev` for this stack: the one that is kept, else a new one. The database must be migrated."""
    path = stack.data_dir / CLIENT_FILE
    if path.exists():
        kept = json.loads(path.read_text())
        api_key = str(kept["api_key"])
    else:
        api_key = await create_key(stack)
    write_private(path, json.dumps({"url": url, "api_key": api_key}))
    return Credentials(url, api_key)


def write_operator_file(stack: Stack) -> None:
    """How an operator's tools on this machine reach the servers of the stack, and what of them is its own where others share
    them, as the environment would say it.
    """
    namespace = os.environ.get(NAMESPACE_VARIABLE)
    within = {NAMESPACE_VARIABLE: namespace} if namespace else {}
    write_private(stack.data_dir / OPERATOR_FILE, json.dumps({**stack.env(), **gateway_env(stack.data_dir), **within}))


async def create_key(stack: Stack, env: Mapping[str, str] | None = None, *, role: str = "admin") -> str:
    """A new key of the tenant `dev`, with `env` besides: in a namespace, where it names one. It is kept nowhere."""
    argv = [sys.executable, "-m", "queuebit_gateway", "keys", "create", "--tenant", TENANT, "--role", role]
    env = child_env(stack.data_dir, {**stack.env(), **gateway_env(stack.data_dir), **(env or {})})
    printed = await run_tool(argv, env=env, timeout_s=KEY_TIMEOUT_S)
    return printed.split()[-1]
