"""The gateway does what its document says, asked by a foreign client that tries everything the document allows and forbids."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from queuebit_gateway.http.guard import Bounds
from tests.contract.documents.outside import HERE, SCHEMAS
from tests.contract.http.doors import a_door

EXAMPLES_MAX = int(os.environ.get("EXAMPLES", "50"))


@pytest.mark.contract
@pytest.mark.timeout(900)
async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    assert program.exists(), "run it by `make contract`"
    async with a_door(Bounds()) as door:
        key = await door.world.key("acme", "admin")
        process = await asyncio.create_subprocess_exec(
            str(program), "--config-file", str(HERE / "schemathesis.toml"), "--no-color",
            "run", str(SCHEMAS / "openapi.json"), "--url", f"http://127.0.0.1:{door.server.port}",
            "--header", f"Authorization: Bearer {key}", "--checks", "all", "--max-examples", str(EXAMPLES_MAX),
            "--seed", "1", "--request-timeout", "60", "--max-response-time", "60", "--warnings", "off", "--workers", "1",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
        )  # fmt: skip
        out, _ = await process.communicate()

    assert process.returncode == 0, out.decode()[-20_000:]
