"""Clients that are generated from the document, in Python and TypeScript, do a job from end to end; a proxy that knows the
document alone stands between and lets nothing through that breaks it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from queuebit_devstack.ports import free_ports
from tests.contract.documents.outside import HERE, PYTHON, SCHEMAS, TOOLS, NodeTools, install_generator
from tests.fakes.served_world import ServedWorld, served_world

pytestmark = pytest.mark.contract
READY_S = 60.0


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[ServedWorld]:
    async with served_world() as found:
        yield found


async def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Beside the event loop, which answers what is asked."""
    return await asyncio.to_thread(
        subprocess.run, command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
async def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = await asyncio.to_thread(install_generator)
    folder = tmp_path_factory.mktemp("python")
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": []}))
    done = await run(
        str(python.with_name("openapi-python-client")), "generate", "--path", str(SCHEMAS / "openapi.json"),
        "--output-path", str(folder / "generated"), "--meta", "none", "--config", str(config),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout, done.stdout
    return folder


def walked(generated: Path, url: str, api_key: str) -> tuple[str, ...]:
    return str(PYTHON), str(HERE / "walk_python.py"), str(generated), url, api_key


async def test_a_client_in_python_does_a_job(served: ServedWorld, generated: Path) -> None:
    done = await run(*walked(generated, served.url, served.api_key))
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_client_in_typescript_is_well_typed_and_does_a_job(served: ServedWorld, node_tools: NodeTools) -> None:
    folder = TOOLS / "walk"
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "walk.mts", folder / "walk.mts")
    types = await asyncio.to_thread(
        node_tools.run, "openapi-typescript", str(SCHEMAS / "openapi.json"), "-o", str(folder / "api.ts")
    )
    assert types.returncode == 0, types.stdout + types.stderr
    options = (
        "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--types", "node",
        "--typeRoots", str(TOOLS / "node_modules/@types"),
    )  # fmt: skip
    compiled = await asyncio.to_thread(node_tools.run, "tsc", *options, str(folder / "walk.mts"))
    assert compiled.returncode == 0, compiled.stdout
    done = await run("node", str(folder / "walk.mjs"), served.url, served.api_key)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


async def test_behind_a_proxy_that_knows_the_document_alone_nothing_breaks_it(
    served: ServedWorld, generated: Path, node_tools: NodeTools
) -> None:
    del node_tools
    (port,) = free_ports(1)
    proxy = await asyncio.create_subprocess_exec(
        str(TOOLS / "node_modules/.bin/prism"), "proxy", str(SCHEMAS / "openapi.json"), served.url,
        "--errors", "--port", str(port),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert proxy.stdout is not None
        async with asyncio.timeout(READY_S):
            while b"listening" not in (line := await proxy.stdout.readline()):
                assert line, "the proxy has ended"
        drain = asyncio.create_task(proxy.stdout.read())
        url = f"http://127.0.0.1:{port}"
        done = await run(*walked(generated, url, served.api_key))
        proxy.terminate()
        said = (await drain).decode()
        assert done.returncode == 0, done.stderr + said[-2000:]
    finally:
        with contextlib.suppress(ProcessLookupError):
            proxy.kill()
        await proxy.wait()
