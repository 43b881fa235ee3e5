"""`python -m queuebit_workbench.sizing.page FILE`: the tables of the page on sizing, from what was measured."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path

from queuebit_workbench.sizing.costs import REPLICAS, parts
from queuebit_workbench.sizing.measured import Measured, kept
from queuebit_workbench.sizing.plan import Load, size_for

LOADS_PER_S = (100, 1_000, 10_000, 100_000)
AVERAGE = 0.3
HEADS = {"control-plane": "control plane", "classical-solver": "solver", "result-validation": "validation",
         "postgresql": "PostgreSQL", "kafka": "Kafka, one broker"}  # fmt: skip
CONTEXT = "Measured on"
NOT_YET = (
    "What that comes to is not measured yet: `make bench-shapes` writes it here, on a machine that does nothing else."
)


def costs_table() -> list[str]:
    """What a job costs each part."""
    us = {name: part.us for name, part in parts().items()}
    return _table(
        [*(HEADS[name] for name in us), "all"], [[*(f"{each:g}" for each in us.values()), f"{sum(us.values()):g}"]]
    )


def shapes_table(measured: Measured) -> list[str]:
    """What installations of each shape did."""
    rows = [
        [
            str(each.planes),
            f"{each.jobs_per_s:,.0f}",
            f"{each.us_per_job['control_plane']:,.0f}",
            f"{sum(us for name, us in each.us_per_job.items() if name != 'client'):,.0f}",
            f"{each.half_load_p50_ms:,.0f} ms, {each.half_load_p99_ms:,.0f} ms at {each.half_load_jobs_per_s:,.0f} jobs/s",
            f"{each.elsewhere:.0%}",
        ]
        for each in measured.shapes
    ]
    heads = [
        "of each",
        "jobs/s",
        "control planes, µs a job",
        "all but the asker, µs a job",
        "half load: p50, p99",
        "used by others",
    ]
    return _table(heads, rows)


def context_of(measured: Measured) -> str:
    """Where and how."""
    about = measured.about
    return (
        f"{CONTEXT} {about['cores']} cores ({about['machine']}), Python {about['python']}, PostgreSQL {about['postgres']} "
        f"(fsync {about['fsync']}), Kafka {about['kafka']} with one broker and {about['partitions']} partitions a topic; "
        f"the asker is on the same machine. Each shape had {about['turns']} turns of {about['rounds']} rounds; "
        "jobs/s is their median."
    )


def loads_table() -> list[str]:
    """The least installation for some loads."""
    sizes = [(rate, size_for(Load(rate, rate * AVERAGE))) for rate in LOADS_PER_S]
    rows = [
        [
            f"{rate:,}",
            str(size.all_cores),
            str(size.partitions),
            _rate(size.stored_mb_per_s),
            _rate(size.published_mb_per_s),
        ]
        for rate, size in sizes
    ]
    heads = [
        "jobs a second at the peak",
        "cores, all parts",
        "partitions",
        "to PostgreSQL",
        f"to the brokers ({REPLICAS} replicas)",
    ]
    return _table(heads, rows)


def with_tables(text: str, measured: Measured | None) -> str:
    """The page with its tables, and the line of where they come from, as they must be. Raises ValueError where one has no
    place.
    """
    for table in (costs_table(), loads_table()):
        text = _replaced(text, table)
    if measured is None:
        return text
    shapes = shapes_table(measured)
    lines = [context_of(measured) if line.startswith(CONTEXT) else line for line in text.split("\n")]
    if NOT_YET in lines:
        at = lines.index(NOT_YET)
        lines[at : at + 1] = [*shapes, "", context_of(measured)]
    return _replaced("\n".join(lines), shapes)


def _replaced(text: str, table: Sequence[str]) -> str:
    lines = text.split("\n")
    if table[0] not in lines:
        raise ValueError(f"The page has no table with the head {table[0]}")
    at = lines.index(table[0])
    rest = list(dropwhile(lambda line: line.startswith("|"), lines[at:]))
    return "\n".join([*lines[:at], *table, *rest])


def _rate(mb_per_s: float) -> str:
    return f"{mb_per_s / 1000:,.1f} GB/s" if mb_per_s >= 1000 else f"{mb_per_s:,.1f} MB/s"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main(argv: Sequence[str]) -> int:
    """The exit status."""
    (path,) = map(Path, argv)
    path.write_text(with_tables(path.read_text(), kept()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
