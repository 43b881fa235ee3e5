"""The page about running the services by hand is run as it stands, on a Kafka with TLS, logins and rules, and on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from queuebit_devstack.external import External
from queuebit_devstack.kafka_tls import tls_files
from queuebit_devstack.ports import free_ports
from queuebit_devstack.private import write_private
from queuebit_devstack.stack import start_stack

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "infra/docs/how-to/run-by-hand.md"
TIMEOUT_S = 540.0


def blocks() -> list[str]:
    """What is typed, block by block; the lines of a here-document follow their command."""
    found = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    return ["\n".join(line.removeprefix("$ ") for line in each.splitlines()) for each in found]


def test_the_page_names_what_is_there() -> None:
    text = PAGE.read_text()
    links = re.findall(r"\]\(([^)#]+)\)", text)

    assert all((PAGE.parent / link).exists() for link in links)
    assert blocks()[0].startswith("export KAFKA=")


@pytest.mark.slow
async def test_every_block_of_the_page_works_in_order(tmp_path: Path) -> None:
    """Given servers of one's own, when the page is typed, then a question is answered, and nothing runs or is open after."""
    missing = [each for each in ("bash", "curl", "openssl") if shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: the page is not run here")
    async with await start_stack(tmp_path / "servers", external=External(), tls=True, remove=True) as stack:
        run = tmp_path / "run"
        password = tmp_path / "admin.password"
        access = stack.access()
        assert access.kafka_password is not None
        write_private(password, access.kafka_password.get_secret_value() + "\n")
        ports = iter(free_ports(6))
        mine = [
            f"export KAFKA={stack.kafka} KAFKA_CA={tls_files(stack.data_dir).ca}",
            f"export KAFKA_ADMIN={access.kafka_username} KAFKA_ADMIN_PASSWORD_FILE={password}",
            f"export POSTGRES='{stack.postgres}' RUN={run} GATEWAY_PORT={next(ports)}",
        ]
        typed = "\n".join(["set -euo pipefail", *mine, *blocks()[1:]])
        for port in range(18081, 18086):
            typed = typed.replace(str(port), str(next(ports)))
        code, said = await bash(typed)
        logs = "\n".join(f"{path.name}: {path.read_text()[-600:]}" for path in run.glob("*.log"))

    assert code == 0, f"{said}\n{logs}"
    assert "accepted" in said
    assert "acme" in said
    secrets = [path.read_text().strip() for path in (*run.glob("*.password"), run / "pepper", password)]
    assert [secret for secret in secrets if secret in said or secret in logs] == []
    assert [str(path) for path in (run, *run.iterdir()) if path.stat().st_mode & 0o077] == []


async def bash(text: str) -> tuple[int, str]:
    """Type the text into a shell of its own; what it started is ended with it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", text),
        cwd=ROOT,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode()
