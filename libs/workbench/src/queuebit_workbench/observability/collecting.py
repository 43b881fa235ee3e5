"""An OpenTelemetry collector beside a stack: takes what the services tell over OTLP, and keeps it in files.

Usage: python -m queuebit_workbench.observability.collecting (builds it, once)
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from queuebit_devstack.errors import ServiceFailed
from queuebit_devstack.ports import LOOPBACK, prefer_port
from queuebit_devstack.processes import Child, child_env, is_alive, spawn, tail
from queuebit_devstack.stack import Stack
from queuebit_devstack.state import ProcessRecord, StateFile
from queuebit_devstack.watchers import COLLECTOR
from queuebit_workbench.observability.beside import record_beside
from queuebit_workbench.witnesses.errors import WitnessMissing
from queuebit_workbench.witnesses.go_programs import GoSources

NAME = COLLECTOR
PROGRAM = GoSources(NAME, "queuebit_workbench.observability", ("-trimpath", "-ldflags=-s -w"))
ON_PATH = ("otelcol", "otelcol-contrib")
PORT = 4318
READY_TIMEOUT_S = 30.0
LOOK_INTERVAL_S = 0.05
MEMORY_MIB = 256
FILE_MB, FILES = 50, 3
"""How large a file of traces or metrics becomes before the next one begins, and how many old ones stay."""
SENDING: Mapping[str, str] = {"QUEUEBIT_TELEMETRY": "otlp", "QUEUEBIT_TRACE_RATIO": "1"}
MISSING = (
    "No OpenTelemetry collector is here, so nobody keeps traces (with Go, `make collector` builds one in some minutes; "
    "else put otelcol on PATH). Set QUEUEBIT_TELEMETRY=otlp and OTEL_EXPORTER_OTLP_ENDPOINT to send them to yours."
)
TELL_NOBODY = (
    "The services run already and were not told of a collector: Prometheus alone comes beside them. "
    "For traces too: queuebit down, then queuebit up --observability."
)


def found() -> Path | None:
    """The program, where it is here: ours, else one on PATH."""
    if (kept := PROGRAM.kept) is not None:
        return kept
    return next((Path(path) for name in ON_PATH if (path := shutil.which(name)) is not None), None)


async def start_collecting(stack: Stack, say: Callable[[str], None]) -> dict[str, str]:
    """Start it, or say why not; what the services need in their environment to tell it all.

    Raises ServiceFailed where it ends, or does not answer.
    """
    program = await asyncio.to_thread(found)
    if program is None:
        say(MISSING)
        return {}
    known = stack.state.process(NAME)
    if known is not None and known.port is not None and is_alive(known):
        port = known.port
    else:
        port = prefer_port(PORT)
        await _begun(program, stack.data_dir, port, stack.record)
    say(_where(stack.data_dir, port))
    if kept := [name for name, value in environment(port, os.environ).items() if value != environment(port, {})[name]]:
        say(f"            (services go by {', '.join(kept)} as set here: they may tell less, or somebody else)")
    return environment(port, os.environ)


async def collect_on(data_dir: Path, say: Callable[[str], None]) -> None:
    """Where services run already: have the collector that they tell run, at its port, or say that they tell none.

    Raises ServiceFailed where it ends, or does not answer.
    """
    state = StateFile(data_dir).load()
    known = None if state is None else state.process(NAME)
    if known is None or known.port is None:
        say(TELL_NOBODY)
        return
    if not is_alive(known):
        program = await asyncio.to_thread(found)
        if program is None:
            say(MISSING)
            return
        await _begun(program, data_dir, known.port, lambda record: record_beside(data_dir, record))
    say(_where(data_dir, known.port))


async def _begun(program: Path, data_dir: Path, port: int, record: Callable[[ProcessRecord], None]) -> None:
    log = data_dir / "logs" / f"{NAME}.log"
    child = spawned(program, data_dir / NAME, port, log, child_env(data_dir, {}))
    record(child.record)
    await answering(child, port)


def _where(data_dir: Path, port: int) -> str:
    return f"Collector   http://{LOOPBACK}:{port} (OTLP; every trace and all metrics lie in {data_dir / NAME})"


def environment(port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """What makes services tell the collector at `port`; what `environ` says of it already stays."""
    env = {**SENDING, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{port}"}
    return {name: environ.get(name) or value for name, value in env.items()}


def config(folder: Path, port: int) -> dict[str, object]:
    """What the collector reads: OTLP over HTTP on loopback in, files of JSON lines out, bounded in memory and on disk."""
    kept = {"flush_interval": "1s", "rotation": {"max_megabytes": FILE_MB, "max_backups": FILES}}
    signals = ("traces", "metrics")
    return {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"{LOOPBACK}:{port}"}}}},
        "processors": {"memory_limiter": {"check_interval": "1s", "limit_mib": MEMORY_MIB}, "batch": {"timeout": "1s"}},
        "exporters": {f"file/{each}": {"path": str(folder / f"{each}.jsonl"), **kept} for each in signals},
        "service": {
            # Its own port for metrics would be the same in each stack of this machine.
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                each: {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": [f"file/{each}"],
                }
                for each in signals
            },
        },
    }


def spawned(program: Path, folder: Path, port: int, log: Path, env: Mapping[str, str]) -> Child:
    """The collector as a process, its files in `folder`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "collector.yaml").write_text(yaml.safe_dump(config(folder, port), sort_keys=False))
    argv = (str(program), "--config", str(folder / "collector.yaml"))
    return spawn(NAME, argv, marker="collector.yaml", log=log, env=env, port=port)


async def answering(child: Child, port: int) -> None:
    """Return when it takes connections. Raises ServiceFailed."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while child.exit_code() is None:
                try:
                    _, writer = await asyncio.open_connection(LOOPBACK, port)
                except OSError:
                    await asyncio.sleep(LOOK_INTERVAL_S)
                else:
                    writer.close()
                    return
    except TimeoutError:
        pass
    raise ServiceFailed(f"The collector does not answer. Its last lines:\n{tail(Path(child.record.log or ''))}")


def main() -> int:
    """Build it; returns the exit code."""
    try:
        sys.stdout.write(f"{asyncio.run(PROGRAM.build())}\n")
    except WitnessMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
