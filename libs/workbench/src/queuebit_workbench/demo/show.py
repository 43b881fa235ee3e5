"""What the demonstration shows: live progress, then the table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from queuebit_contracts.jobs import Number
from queuebit_workbench.demo.jobs import DemoJob

_STYLE = {"completed": "green", "failed": "red", "expired": "red", "rejected": "red", "cancelled": "yellow"}


def progress(jobs: Sequence[DemoJob]) -> Table:
    """The jobs as they stand."""
    table = Table(title=f"{sum(job.ended for job in jobs)} of {len(jobs)} jobs ended", expand=False)
    for heading in ("instance", "by", "asked for", "state", "so far", "note"):
        table.add_column(heading, no_wrap=heading != "note")
    for job in jobs:
        state = f"[{_STYLE.get(job.state, 'cyan')}]{job.state}[/]"
        table.add_row(job.instance, job.way, job.request.lane, state, _number(job.objective), job.note)
    return table


def result(jobs: Sequence[DemoJob]) -> Table:
    """Instance, best known value, what ran, objective, gap, verdict, time."""
    table = Table(title="Answers, each recomputed from the problem itself")
    for heading in ("instance", "by", "best known", "what ran", "objective", "gap", "verdict", "time"):
        right = heading in ("best known", "objective", "gap", "time")
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for job in jobs:
        style = "green" if job.answered else "red"
        table.add_row(
            job.instance,
            job.way,
            _number(job.best_known),
            job.ran or job.note,
            _number(job.objective),
            "" if job.gap is None else f"{job.gap:.2%}",
            f"[{style}]{job.verdict or job.state}[/]",
            "" if job.elapsed_s is None else f"{job.elapsed_s:.2f} s",
        )
    return table


def look_around(console: Console, url: str, kafka: str) -> None:
    """Where to go from here."""
    console.print(f"Gateway {url} · Kafka {kafka}", highlight=False)
    console.print(f"Console {url}/console/ in your browser; sign in with the key below.", highlight=False)
    console.print("In another terminal: queuebit list · queuebit show JOB · queuebit explain JOB · queuebit logs")


def _number(value: Number | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
