"""The course of the demonstration: start, send, kill, wait, show, stop."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.live import Live

from queuebit_contracts.data import Data
from queuebit_devstack.credentials import TENANT, ensure_credentials, gateway_env
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare, service_specs
from queuebit_runtime.access.rules import DOWNSTREAM, UPSTREAM
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_workbench.demo import show, trace, wire
from queuebit_workbench.demo.jobs import DemoJob, demo_jobs

VICTIM = "classical_solver"
KILL_AFTER = 3
"""So many jobs have ended when the worker is killed."""
END_TIMEOUT_S = 180.0
NO_TERMINAL_COLUMNS = 140
REFRESH_INTERVAL_S = 0.2


async def demonstrate(console: Console, *, stay: bool) -> bool:
    """Run the demonstration; True when every job got an accepted answer. With `stay`, keep the stack until cancelled.

    Whatever was started is stopped, and the data is removed, however this ends.
    """
    folder = Path(tempfile.mkdtemp(prefix="queuebit-demo-"))
    console.print("Starting Kafka and PostgreSQL …")
    stack = await start_stack(folder, remove=True)
    try:
        console.print("Preparing the database and the topics …")
        await prepare(stack)
        (port,) = free_ports(1)
        url = f"http://{LOOPBACK}:{port}"
        key = await ensure_credentials(stack, url)
        console.print("Starting the five services …")
        env = gateway_env(stack.data_dir) | trace.telemetry_env(os.environ)
        async with Supervisor(stack, service_specs(port, env=env)) as supervisor:
            jobs = demo_jobs(TENANT)
            await _play(console, stack, supervisor, jobs, url, key.api_key)
            console.print(show.result(jobs))
            _judge(console, jobs)
            if (os.environ | env)[trace.TELEMETRY] == "console":
                await _show_trace(console, supervisor, jobs)
            if stay:
                show.look_around(console, url, stack.kafka)
                console.print(f"QUEUEBIT_URL={url} QUEUEBIT_API_KEY={key.api_key}", highlight=False)
                console.print("Ctrl-C stops everything.")
                await supervisor.watch()
            return all(job.answered and job.completions == 1 for job in jobs)
    finally:
        await asyncio.shield(stack.stop())


async def _play(
    console: Console, stack: Stack, supervisor: Supervisor, jobs: Sequence[DemoJob], url: str, api_key: str
) -> None:
    """Send the jobs both ways, kill a worker while they run, start it again, and wait for the last answer."""
    clock = SystemClock()
    unheard: list[tuple[UUID, Data]] = []
    by_id: dict[UUID, DemoJob] = {}

    def hear(job_id: UUID, event: Data) -> None:
        if job_id in by_id:
            by_id[job_id].hear(event)
        else:
            unheard.append((job_id, event))

    following = asyncio.Event()
    follower = asyncio.create_task(wire.follow(stack.access(DOWNSTREAM), hear, following))
    await following.wait()
    killer: asyncio.Task[None] | None = None
    try:
        await wire.publish(stack.access(UPSTREAM), [job for job in jobs if job.way == "kafka"], clock, SystemIds(clock))
        await wire.submit(url, api_key, [job for job in jobs if job.way == "http"])
        by_id.update({job.job_id: job for job in jobs if job.job_id is not None})
        for job_id, event in unheard:
            hear(job_id, event)
        with Live(show.progress(jobs), console=console, refresh_per_second=8, transient=True) as live:
            async with asyncio.timeout(END_TIMEOUT_S):
                while not all(job.ended for job in jobs):
                    if killer is None and sum(job.ended for job in jobs) >= KILL_AFTER:
                        killer = asyncio.create_task(_kill_and_restart(live.console, supervisor))
                    await asyncio.sleep(REFRESH_INTERVAL_S)
                    live.update(show.progress(jobs))
                    if follower.done():
                        follower.result()
        if killer is not None:
            await killer
    except TimeoutError:
        console.print(f"[red]Not every job ended within {END_TIMEOUT_S:g} s.[/]")
    finally:
        follower.cancel()
        await asyncio.gather(follower, return_exceptions=True)


async def _kill_and_restart(console: Console, supervisor: Supervisor) -> None:
    console.print(f"[yellow]Killing {VICTIM} (SIGKILL) while it works …[/]")
    await supervisor.kill(VICTIM)
    await supervisor.restart(VICTIM)
    console.print(f"[yellow]{VICTIM} is back; what it held is delivered again.[/]")


async def _show_trace(console: Console, supervisor: Supervisor, jobs: Sequence[DemoJob]) -> None:
    """One answered job through all services; one over HTTP where its trace is whole, for it begins at the gateway."""
    names = {str(job.job_id): job for job in jobs if job.answered}
    over_http = [job_id for job_id, job in names.items() if job.way == "http"]
    found = await trace.wait_for_trace([supervisor.log(name) for name in supervisor.names], over_http or list(names))
    if found is None:
        console.print("[yellow]No whole trace of a job was found in the logs.[/]")
        return
    job_id, spans = found
    services = len({span.service for span in spans})
    title = f"Trace {spans[0].trace_id} of {names[job_id].instance}: {len(spans)} spans, {services} services"
    console.print(trace.as_tree(spans, title), highlight=False)


def _judge(console: Console, jobs: Sequence[DemoJob]) -> None:
    unanswered = [job.instance for job in jobs if not job.answered]
    repeated = [job.instance for job in jobs if job.completions > 1]
    if unanswered:
        console.print(f"[red]Not answered: {', '.join(unanswered)}[/]")
    if repeated:
        console.print(f"[red]Completed more than once: {', '.join(repeated)}[/]")
    if not unanswered and not repeated:
        console.print(f"All {len(jobs)} jobs were answered exactly once, with a worker killed on the way.")


def main() -> int:
    """Exit code 0 when every job was answered. Stays for a look around only where somebody sits at a terminal."""
    console = Console(width=None if sys.stdout.isatty() else NO_TERMINAL_COLUMNS)
    try:
        answered = asyncio.run(_interruptible(console, stay=sys.stdin.isatty()))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped.")
        return 0
    return 0 if answered else 1


async def _interruptible(console: Console, *, stay: bool) -> bool:
    import signal

    task = asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    return await demonstrate(console, stay=stay)
