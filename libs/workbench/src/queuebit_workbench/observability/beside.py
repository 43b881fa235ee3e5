"""Prometheus beside a stack that runs: our rules, and the health port of each service; ended with the stack."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from queuebit_devstack.errors import ServiceFailed
from queuebit_devstack.ports import LOOPBACK, prefer_port
from queuebit_devstack.processes import Child, child_env, is_alive, spawn, tail
from queuebit_devstack.state import ProcessRecord, StateFile
from queuebit_devstack.supervise import SERVICES
from queuebit_devstack.watchers import PROMETHEUS
from queuebit_workbench.observability.rules import rules

NAME = PROMETHEUS
PORT = 9090
KEPT = "15d"
SCRAPE_INTERVAL = "5s"
READY_TIMEOUT_S = 60.0
LOOK_INTERVAL_S = 0.2
LOCK_TIMEOUT_S = 30.0
MISSING = (
    "Prometheus is not here, so nobody keeps metrics or tells of incidents (Debian: apt-get install prometheus). "
    "Each service tells its own at /metrics of the port that `queuebit status` shows."
)


def services_of(data_dir: Path) -> list[ProcessRecord]:
    """Those of our services that run there."""
    state = StateFile(data_dir).load()
    return [] if state is None else [each for each in state.processes if each.name in SERVICES and is_alive(each)]


async def start_watching(data_dir: Path, say: Callable[[str], None]) -> None:
    """Start Prometheus over the services of the stack in `data_dir`, or say why not. Raises ServiceFailed where it ends."""
    program = shutil.which(NAME)
    if program is None:
        say(MISSING)
        return
    state = StateFile(data_dir).load()
    services = [] if state is None else [each for each in state.processes if each.name in SERVICES and each.port]
    folder = data_dir / NAME
    write_config(folder, services)
    known = None if state is None else state.process(NAME)
    if known is not None and is_alive(known):
        say(f"Prometheus  http://{LOOPBACK}:{known.port} (it ran already; services that are new are found)")
        return
    port = prefer_port(PORT)
    child = _spawned(program, folder, data_dir, port)
    record_beside(data_dir, child.record)
    await _ready(child, port)
    say(f"Prometheus  http://{LOOPBACK}:{port} (alerts at /alerts; each names its page)")


def record_beside(data_dir: Path, record: ProcessRecord) -> None:
    """Write what was started beside a stack that runs into its state file, so that it ends with it. Raises StackBusy."""
    with StateFile(data_dir).locked(LOCK_TIMEOUT_S):
        if (now := StateFile(data_dir).load()) is not None:
            StateFile(data_dir).save(now.with_process(record))


def write_config(folder: Path, services: Sequence[ProcessRecord]) -> None:
    """What Prometheus reads: how often, whom, and our rules. Whom is read again where it changes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    scraped = {"job_name": "queuebit", "file_sd_configs": [{"files": ["targets.json"]}]}
    config = {
        "global": {"scrape_interval": SCRAPE_INTERVAL, "evaluation_interval": SCRAPE_INTERVAL},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [scraped],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules(), sort_keys=False))
    (folder / "targets.json").write_text(json.dumps(targets(services)))


def targets(services: Sequence[ProcessRecord]) -> list[dict[str, object]]:
    """Each service by its name, at its health port."""
    return [{"targets": [f"{LOOPBACK}:{each.port}"], "labels": {"service": each.name}} for each in services]


def _spawned(program: str, folder: Path, data_dir: Path, port: int) -> Child:
    argv = (
        program,
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--enable-feature=exemplar-storage",
    )
    log = data_dir / "logs" / f"{NAME}.log"
    return spawn(NAME, argv, marker="prometheus.yaml", log=log, env=child_env(data_dir, {}), port=port)


async def _ready(child: Child, port: int) -> None:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while not await asyncio.to_thread(_answers, port):
                if child.exit_code() is not None:
                    break
                await asyncio.sleep(LOOK_INTERVAL_S)
            else:
                return
    except TimeoutError:
        pass
    raise ServiceFailed(f"Prometheus does not answer. Its last lines:\n{tail(Path(child.record.log or ''))}")


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://{LOOPBACK}:{port}/-/ready", timeout=2.0).close()
    except (urllib.error.URLError, OSError):
        return False
    return True
