"""Run a sweep: one world for all jobs, one job after the other, each judged when it ends."""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.cli.check import Checked, checked
from queuebit_client.cli.files import BadFile, body_of
from queuebit_client.cli.options import Submission
from queuebit_client.errors import QueuebitError
from queuebit_contracts.jobs import Problem
from queuebit_problems.registry import kinds
from queuebit_workbench.local import ended, one_process
from queuebit_workbench.sweep.catalogue import Instance, instances
from queuebit_workbench.sweep.judge import Recomputed, Row, judged, refused, unknown
from queuebit_workbench.sweep.table import HEAD, line, load, save, summary

EXIT_BUG = 1
EXIT_USAGE = 2
EXTRA_TIME_S = 120.0
"""How much longer than twice its budget a job may take before it counts as never ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit code 1 where anything is a bug, 2 where there is nothing to run."""
    options = _parser().parse_args(arguments)
    try:
        found = [
            one for one in instances(options.data, options.family) if options.n_max is None or one.size <= options.n_max
        ]
    except FileNotFoundError as error:
        typer.echo(f"Error: {error}")
        return EXIT_USAGE
    settings = {"budget_s": options.budget_s, "lane": options.lane, "seed": options.seed}
    rows = load(options.out, settings) if options.out is not None and options.resume else []
    before = load(options.round, settings) if options.round is not None else []
    if {row.key for row in before} >= {one.key for one in found}:
        before = []
    done = {row.key for row in (*rows, *before)}
    waiting = [one for one in found if one.key not in done][: options.limit]

    def keep() -> None:
        if options.out is not None:
            save(options.out, settings, rows)
        if options.round is not None:
            save(options.round, settings, [*before, *rows])

    until_s = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    try:
        asyncio.run(_interruptible(waiting, rows, settings, keep, until_s))
    except asyncio.CancelledError:
        typer.echo("Stopped.")
    typer.echo(f"{len(before) + len(rows)} of {len(found)} are done{', before and now' if before else ''}.")
    typer.echo("\n".join(["", *summary(rows)]))
    return EXIT_BUG if any(row.grade == "bug" for row in rows) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m queuebit_workbench.sweep", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with a folder a family, each with a best_known.json")
    parser.add_argument("--family", help="only this folder")
    parser.add_argument("--budget-s", type=float, default=10.0, help="the budget of each leg of each job in seconds")
    parser.add_argument("--n-max", type=int, help="only instances of at most this size")
    parser.add_argument("--limit", type=int, help="stop after so many instances")
    parser.add_argument("--lane", help="run all on this lane; else as the policy says")
    parser.add_argument("--seed", type=int, default=7, help="the seed of every job")
    parser.add_argument("--out", type=Path, help="keep the results in this JSON file, instance by instance")
    parser.add_argument("--resume", action="store_true", help="pass over what the JSON file holds already")
    parser.add_argument("--minutes", type=float, help="begin no instance after so long")
    parser.add_argument(
        "--round",
        type=Path,
        help="go through all from run to run: what this file holds is passed over,"
        " and once it holds all of them they begin anew",
    )
    return parser


async def _interruptible(
    waiting: Sequence[Instance],
    rows: list[Row],
    settings: Mapping[str, Any],
    keep: Callable[[], None],
    until_s: float | None,
) -> None:
    task = asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    typer.echo(HEAD)
    async with one_process(lambda _name, _data: None) as client:
        for place, instance in enumerate(waiting, start=1):
            if until_s is not None and time.monotonic() >= until_s:
                break
            rows.append(await run_one(client, instance, settings))
            typer.echo(f"{line(rows[-1])}  [{place}/{len(waiting)}]")
            keep()


async def run_one(client: AsyncQueuebit, instance: Instance, settings: Mapping[str, Any]) -> Row:
    """Take one instance to its end, exactly as `queuebit run` would, and judge it."""
    if instance.kind is None:
        return unknown(instance, f"the family {instance.family} is not known here")
    if instance.kind not in kinds():
        return unknown(instance, f"there is no kind {instance.kind} yet")
    budget_s = float(settings["budget_s"])
    wanted = Submission(str(instance.path), instance.kind, settings["lane"], budget_s=budget_s, seed=settings["seed"])
    started_s = time.monotonic()
    try:
        body = await asyncio.to_thread(body_of, wanted, here=True)
        async with asyncio.timeout(2 * budget_s + EXTRA_TIME_S):
            document = await ended(client, body)
    except BadFile as error:
        return refused(instance, error.detail)
    except TimeoutError:
        return judged(instance, {"state": "still running"}, None, time.monotonic() - started_s)
    except QueuebitError as error:
        return judged(instance, {"state": "refused", "failure": {"detail": str(error)}}, None, 0.0)
    seconds = time.monotonic() - started_s
    if document.get("answer") is None:
        return judged(instance, document, None, seconds)
    recomputed = await asyncio.to_thread(recompute, body["problem"], document["answer"])
    return judged(instance, document, recomputed, seconds)


def recompute(problem: Mapping[str, Any], answer: dict[str, Any]) -> Recomputed:
    """The answer checked from the problem alone."""
    found = checked(Problem.model_validate(problem), answer, None)
    if isinstance(found, Checked):
        faults = [f"{one.code}: {one.detail}" for one in found.violations]
    else:
        faults = [f"{test.name} failed" for test in found.tests if not test.passed]
    faults += [str(one) for one in found.answer_errors]
    return Recomputed(not faults, found.objective, tuple(faults))
