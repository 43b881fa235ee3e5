"""The gateway does what its document says, asked by a foreign client that tries everything the document allows and forbids.

`make contract` asks a little, `make fuzz-http CASES=10000` as much as is wanted: single calls, and walks along the links of the
document, from what is made to what can be done with it.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from queuebit_domain.projections.backlog import BACKLOG
from queuebit_domain.projections.usage import USAGE
from queuebit_gateway.http import jobs_api, requests, stream, tenant_stream
from queuebit_gateway.http.guard import Bounds
from queuebit_problems.registry import usable_kinds
from tests.contract.documents.outside import HERE, SCHEMAS
from tests.contract.http.doors import a_door

CASES = int(os.environ.get("CASES", "0"))
EXAMPLES = int(os.environ.get("EXAMPLES", "50"))
SEED = os.environ.get("SEED", "1")
ANSWER_S_MAX = "1" if CASES else "2"
"""No answer takes longer: streams and waits that are asked for are cut short here. The few cases of every day run beside other
tests.
"""
OWN_KEY = "00000001"
METHODS = {"get", "put", "post", "patch", "delete"}
_COUNT = re.compile(r"(\d[\d,]*) generated")


def examples_max() -> int:
    """How many are made for each operation: each phase makes fewer where an operation has nothing more to vary."""
    document = orjson.loads((SCHEMAS / "openapi.json").read_bytes())
    operations = sum(len(path.keys() & METHODS) for path in document["paths"].values())
    return -(-3 * CASES // (2 * operations)) if CASES else EXAMPLES


def leave_it_its_key(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes its own key out of use, or replaces it, would be let in no more, and try nothing."""
    for name in ("expire_key", "revoke_key"):
        monkeypatch.setattr(store, name, _but_its_own(getattr(store, name)))


def _but_its_own(change: Callable[[str, datetime], Awaitable[bool]]) -> Callable[[str, datetime], Awaitable[bool]]:
    async def changed(key_id: str, at: datetime) -> bool:
        return key_id == OWN_KEY or await change(key_id, at)

    return changed


@pytest.mark.contract
@pytest.mark.timeout(0 if CASES else 900)
async def test_schemathesis_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams and waits end after a moment here, so that a client that reads them to their end comes to one."""
    for module in (stream, tenant_stream):
        monkeypatch.setattr(module, "LIFE_S_MAX", 0.05)
    for module in (requests, jobs_api):
        monkeypatch.setattr(module, "WAIT_S_MAX", 0.05)
    program = Path(sys.executable).with_name("schemathesis")
    assert program.exists(), "run it by `make contract`"
    # As the service does before it takes its port: loading a kind is work of its own.
    usable_kinds()
    async with a_door(Bounds()) as door:
        key = await door.world.key("acme", "admin")
        leave_it_its_key(door.world.store, monkeypatch)
        for projection in (USAGE, BACKLOG):
            await door.world.store.create_build(projection, live=True)
        process = await asyncio.create_subprocess_exec(
            str(program), "--config-file", str(HERE / "schemathesis.toml"), "--no-color",
            "run", str(SCHEMAS / "openapi.json"), "--url", f"http://127.0.0.1:{door.server.port}",
            "--header", f"Authorization: Bearer {key}", "--checks", "all", "--max-examples", str(examples_max()),
            "--seed", SEED, "--request-timeout", "60", "--max-response-time", ANSWER_S_MAX, "--warnings", "off",
            "--workers", "1",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
        )  # fmt: skip
        out, _ = await process.communicate()

    said = out.decode()
    sys.stdout.write(said[-3000:])
    assert process.returncode == 0, said[-20_000:]
    count = _COUNT.search(said)
    assert count is not None, said[-3000:]
    assert int(count[1].replace(",", "")) >= max(CASES, 500)
