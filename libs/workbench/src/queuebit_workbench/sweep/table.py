"""The results of a sweep, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, get_args

from queuebit_workbench.sweep.judge import Grade, Row

HEAD = f"{'instance':<34} {'n':>5} {'best known':>14} {'objective':>14} {'gap':>8}  {'proved':<6} {'s':>6}  verdict"


def line(row: Row) -> str:
    """One instance in one line."""
    best, objective = (f"{value:.10g}" if value is not None else "-" for value in (row.best, row.objective))
    gap = "-" if row.gap is None else f"{row.gap:.3%}"
    verdict = "BUG" if row.grade == "bug" else row.grade
    why = f": {'; '.join(row.reasons)}" if row.reasons else ""
    proved = "yes" if row.proved else "no"
    numbers = f"{row.size:>5} {best:>14} {objective:>14} {gap:>8}  {proved:<6} {row.seconds:>6.1f}"
    return f"{row.key[-34:]:<34} {numbers}  {verdict}{why}"


def summary(rows: Sequence[Row]) -> list[str]:
    """Counts and the median gap by kind, then all bugs."""
    found = []
    for kind in sorted({str(row.kind) for row in rows}):
        mine = [row for row in rows if str(row.kind) == kind]
        gaps = [row.gap for row in mine if row.gap is not None and row.grade in ("ok", "bug")]
        counts = ", ".join(f"{sum(row.grade == grade for row in mine)} {grade}" for grade in _grades(mine))
        middle = f", median gap {median(gaps):.3%}, largest {max(gaps):.3%}" if gaps else ""
        found.append(f"{kind:<24} {counts}{middle}, {sum(row.proved for row in mine)} proved")
    return found + [f"BUG {row.key}: {'; '.join(row.reasons)}" for row in rows if row.grade == "bug"]


def _grades(rows: Iterable[Row]) -> list[str]:
    return sorted({row.grade for row in rows})


def save(file: Path, settings: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write all rows and how many there are of which grade; a file that is being written is never seen half."""
    counts: dict[str, int] = {"instances": len(rows), "proved": sum(row.proved for row in rows)}
    counts |= {grade: sum(row.grade == grade for row in rows) for grade in get_args(Grade)}
    document = {"settings": dict(settings), "counts": counts, "rows": [asdict(row) for row in rows]}
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(document, indent=1) + "\n")
    part.replace(file)


def load(file: Path, settings: Mapping[str, Any]) -> list[Row]:
    """The rows of an earlier sweep of the same settings; none where the file is not there or is of another sweep."""
    if not file.exists():
        return []
    document = json.loads(file.read_text())
    if document.get("settings") != settings:
        return []
    return [Row(**{**row, "reasons": tuple(row["reasons"])}) for row in document["rows"]]
