"""The figures as a table for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from queuebit_devstack.supervise import SERVICES
from queuebit_workbench.bench.figures import BurstFigures, Figures, Latency, PipelineFigures
from queuebit_workbench.bench.settings import IDLE_P50_MS_BAR, JOBS_PER_S_BAR, KEPT_BAR, RATIO_BAR


def show(figures: Figures, console: Console) -> None:
    """Print everything that was measured."""
    settings = figures.settings
    console.print(
        f"\nQueuebit on {settings.get('cores')} cores ({settings.get('machine')}), Python {settings.get('python')}, "
        f"PostgreSQL {settings.get('postgres')} with fsync {settings.get('fsync')}, Kafka {settings.get('kafka')}, "
        f"{settings.get('partitions')} partitions, linger {settings.get('linger_ms')} ms, acks {settings.get('acks')}"
    )
    console.print(_pipelines(figures))
    if figures.store is not None:
        console.print(_store(figures))
    console.print(_cpu(figures))
    for line in verdicts(figures):
        console.print(line)


def verdicts(figures: Figures) -> list[str]:
    """What stands against a bar, one line each."""
    lines = []
    if figures.queuebit is not None:
        lines.append(_against("jobs/s", figures.queuebit.burst.jobs_per_s, JOBS_PER_S_BAR, at_least=True))
        lines.append(_against("idle p50 ms", figures.queuebit.idle.p50_ms, IDLE_P50_MS_BAR, at_least=False))
    if figures.ratio is not None:
        lines.append(_against("ratio queuebit / bare", figures.ratio, RATIO_BAR, at_least=True))
    for name, burst in (("telemetry on", figures.telemetry), ("under the policy", figures.policy)):
        if burst is not None and figures.plain is not None:
            off_us, on_us = (_services_us(each) for each in (figures.plain, burst))
            share = burst.jobs_per_s / figures.plain.jobs_per_s
            lines.append(_against(f"throughput left, {name}", share, KEPT_BAR, at_least=True))
            lines.append(
                f"     {name}: {burst.jobs_per_s:,.0f} jobs/s instead of {figures.plain.jobs_per_s:,.0f}; "
                f"CPU of the services {on_us:,.0f} µs a job instead of {off_us:,.0f}"
            )
    return lines


def _services_us(burst: BurstFigures) -> float:
    return sum(us for name, us in burst.cpu_us_per_job.items() if name in SERVICES)


def _against(name: str, value: float, bar: float, *, at_least: bool) -> str:
    met = value >= bar if at_least else value <= bar
    return f"{'ok  ' if met else 'MISS'} {name}: {value:,.4g} (bar: {'≥' if at_least else '≤'} {bar:,g})"


def _pipelines(figures: Figures) -> Table:
    table = Table(title="End to end")
    table.add_column("")
    columns = [each for each in (figures.queuebit, figures.bare) if each is not None]
    for name, each in (("queuebit", figures.queuebit), ("bare", figures.bare)):
        if each is not None:
            table.add_column(name, justify="right")
    table.add_row("jobs/s, median of the rounds", *(f"{each.burst.jobs_per_s:,.0f}" for each in columns))
    table.add_row(
        "  each round", *(" ".join(f"{one:,.0f}" for one in each.burst.rounds_jobs_per_s) for each in columns)
    )
    table.add_row("idle latency", *(_latency(each.idle) for each in columns))
    table.add_row("half-load latency", *(_latency(each.half_load) for each in columns))
    table.add_row("  at jobs/s", *(f"{each.half_load_jobs_per_s:,.0f}" for each in columns))
    table.add_row("CPU µs a job, all processes", *(f"{each.burst.cpu_us_total:,.0f}" for each in columns))
    table.add_row("records a job", *(f"{each.records_per_job:.2f}" for each in columns))
    table.add_row("statements a job", *(f"{each.statements_per_job:.3f}" for each in columns))
    return table


def _latency(latency: Latency) -> str:
    return f"p50 {latency.p50_ms:.1f}, p99 {latency.p99_ms:.1f} ms"


def _store(figures: Figures) -> Table:
    assert figures.store is not None
    table = Table(title="Events a second")
    for name in ("appended", "relayed", "consumed", "rebuilt", "projected"):
        table.add_column(name, justify="right")
    rates = figures.store
    values = (
        rates.append_events_per_s,
        rates.relay_events_per_s,
        rates.consume_events_per_s,
        rates.rebuild_events_per_s,
        rates.project_events_per_s,
    )
    table.add_row(*(f"{value:,.0f}" for value in values))
    return table


def _cpu(figures: Figures) -> Table:
    table = Table(title="Processes")
    for name in ("process", "CPU µs a job", "idle MB", "peak MB"):
        table.add_column(name, justify="left" if name == "process" else "right")
    for label, figures_of in (("", figures.queuebit), ("bare ", figures.bare)):
        if figures_of is not None:
            _rows(table, label, figures_of)
    return table


def _rows(table: Table, label: str, of: PipelineFigures) -> None:
    for name, us in of.burst.cpu_us_per_job.items():
        idle, peak = of.rss_idle_mb.get(name), of.rss_mb.get(name)
        table.add_row(
            f"{label}{name}", f"{us:,.0f}", "" if idle is None else f"{idle:.0f}", "" if peak is None else f"{peak:.0f}"
        )
