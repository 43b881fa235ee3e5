"""A whole run: one stack, the pipelines one after the other, the figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from queuebit_devstack.jars import KAFKA_VERSION
from queuebit_devstack.stack import Stack, start_stack
from queuebit_workbench.bench.bare import measure_bare, measure_bare_again
from queuebit_workbench.bench.figures import Figures
from queuebit_workbench.bench.full import measure_queuebit, profile_queuebit
from queuebit_workbench.bench.measure import Say
from queuebit_workbench.bench.settings import BenchSettings, surroundings


async def run_bench(folder: Path, settings: BenchSettings, say: Say) -> Figures:
    """Measure on a fresh stack in `folder`, which is removed with it. Raises the errors of the stack and BenchFailed."""
    say("Starting Kafka and PostgreSQL …")
    async with await start_stack(folder, remove=True) as stack:
        if settings.profile:
            await profile_queuebit(stack, settings, say)
            return Figures(settings=surroundings(settings))
        figures = Figures(settings={**surroundings(settings), **await servers_of(stack)})
        if settings.wants("bare"):
            say("The bare pipeline")
            figures = replace(figures, bare=await measure_bare(stack, settings, say))
        if settings.wants("queuebit"):
            say("Queuebit")
            figures = await measure_queuebit(stack, figures, settings, say)
        if figures.bare is not None and figures.queuebit is not None:
            say("The bare pipeline once more")
            burst = figures.bare.burst.joined(await measure_bare_again(stack, settings))
            figures = replace(figures, bare=replace(figures.bare, burst=burst))
        return figures


async def servers_of(stack: Stack) -> dict[str, Any]:
    """What the database says of itself; the version of Kafka where it is ours."""
    connection = await asyncpg.connect(stack.postgres)
    try:
        return {
            "postgres": await connection.fetchval("SHOW server_version"),
            "fsync": await connection.fetchval("SHOW fsync"),
            "synchronous_commit": await connection.fetchval("SHOW synchronous_commit"),
            "kafka": KAFKA_VERSION if "kafka-1" in stack.servers else "external",
        }
    finally:
        await connection.close()
