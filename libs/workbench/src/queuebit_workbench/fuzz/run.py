"""Admit many hostile cases and name the dearest."""

from __future__ import annotations

import argparse
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

import typer

from queuebit_workbench.fuzz.cases import Case, cases
from queuebit_workbench.fuzz.meter import UNITS_MAX, Reading, measure, unit_s

SHOWN = 10
UNIT_EVERY = 100
"""Cases after which the fixed work is measured again."""


def readings(found: Iterable[Case]) -> Iterator[Reading]:
    """Each case, measured."""
    unit = unit_s()
    for place, case in enumerate(found):
        if place % UNIT_EVERY == 0:
            unit = unit_s()
        yield measure(case, unit)


def main() -> int:
    parser = argparse.ArgumentParser(prog="queuebit_workbench.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    chosen = parser.parse_args()
    outcomes, dearest, wrong = Counter[str](), list[tuple[float, int, Reading]](), list[Reading]()
    for reading in readings(cases(chosen.seed, chosen.count, first=chosen.first)):
        outcomes[reading.outcome] += 1
        heapq.heappush(dearest, (reading.units, reading.case.number, reading))
        dearest = heapq.nlargest(SHOWN, dearest)
        heapq.heapify(dearest)
        if reading.units > UNITS_MAX or not reading.sound:
            wrong.append(reading)
            typer.echo(_line(reading))
    typer.echo(f"{chosen.count} cases of seed {chosen.seed}: {dict(outcomes)}; the bar is {UNITS_MAX:g} units")
    for _, _, reading in sorted(dearest, reverse=True):
        typer.echo(_line(reading))
    return 1 if wrong else 0


def _line(reading: Reading) -> str:
    case = reading.case
    return (
        f"  {reading.units:7.1f} units {reading.cpu_s:7.3f} s {case.size_bytes:6d} bytes  case {case.number} "
        f"{case.form} {case.kind or 'any'}: {reading.outcome}"
    )
