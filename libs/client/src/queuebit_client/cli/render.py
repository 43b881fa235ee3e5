"""Tables and progress for terminals. Imported only where standard output or standard error is one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from queuebit_client.cli.tables import fitted

ANSWER_LENGTH_MAX = 2000
OUTCOMES_SHOWN_MAX = 8

_COLOURS = {
    "completed": "green",
    "accepted": "green",
    "failed": "red",
    "rejected": "red",
    "expired": "red",
    "cancelled": "yellow",
    "needs_review": "yellow",
}


class Live(Protocol):
    """A line that changes while something goes on."""

    def __call__(self, text: str) -> None: ...


def span_text(seconds: float) -> str:
    """A stretch of time as people say it."""
    if seconds < 90:
        return f"{seconds:.3g} s"
    minutes = seconds / 60
    return (
        f"{minutes:.0f} min"
        if minutes < 90
        else f"{minutes / 60:.1f} h"
        if minutes < 2880
        else f"{minutes / 1440:.1f} days"
    )


def coloured(word: str) -> Text:
    """A state or verdict in its colour; the word alone says it too."""
    return Text(word, style=_COLOURS.get(word, "cyan"))


def print_outcome(document: Mapping[str, Any]) -> None:
    """The outcome of a job as a table: what was answered, by what, how far it can be trusted, and why."""
    table = Table(title=f"Job {document['id']}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _rows(document):
        table.add_row(name, value if isinstance(value, Text) else Text(str(value)))
    console = Console()
    console.print(table)
    for reason in document["reasons"]:
        console.print(Text(f"· {reason}"))


def _rows(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "state", coloured(document["state"])
    if approval := document.get("approval"):
        yield "waits for", f"{approval['role']} to allow its plan: {approval['reason']}"
    if waiting := document.get("waiting"):
        yield "why", f"{waiting['code']}: {waiting['detail']}"
    if (eta := document.get("eta")) and eta.get("p50_s") is not None:
        yield "ends", f"in about {span_text(eta['p50_s'])}, nine times in ten within {span_text(eta['p90_s'])}"
    elif eta:
        yield "ends", f"nobody knows when: {eta['unknown']}"
    for held in document.get("held") or ():
        yield "held", f"{held['leg']} by {held['actor']}: {held['reason']}"
    if document.get("suspect"):
        suspect = document["suspect"]
        again = f" (asked again: {suspect['replaced_by']})" if suspect.get("replaced_by") else ""
        yield "suspect", f"{suspect['actor']}: {suspect['reason']}{again}"
    if superseded := document.get("superseded"):
        yield "superseded", f"by {superseded['by']}"
    for step in document.get("compensations") or ():
        done = f"published, as the job was {step['cause']}" if step["state"] == "requested" else "not needed so far"
        yield "step back", f"{step['name']} ({step['command']}): {done}"
    if document.get("parent"):
        yield (
            "made from",
            f"{document['parent']['job_id']} at {document['parent']['version']} ({document['parent']['role']})",
        )
    if document["verdict"]:
        yield "verdict", coloured(document["verdict"])
    yield "kind", document["kind"]
    if document["objective"] is not None:
        proof = " (proved optimal)" if document.get("proven_optimal") else ""
        yield "objective", f"{document['objective']}{proof}"
    if document["bound"] is not None:
        gap = "" if document["gap"] is None else f", gap {document['gap']:.3%}"
        yield "bound", f"{document['bound']}{gap}"
    if document["confidence"] is not None:
        yield "confidence", f"{document['confidence']:.3f}"
    if document["ran"]:
        ran = document["ran"]
        yield "ran", f"{ran['method']} on {ran['backend']} {ran.get('backend_version', '')} ({ran['lane']} lane)"
    if document.get("elapsed_s") is not None:
        yield "elapsed", f"{document['elapsed_s']:.3f} s"
    if document["cost"]:
        parts = (document["cost"], *(document["cost"].get("further") or ()))
        yield "cost", ", ".join(f"{part['amount']} {part['currency']}" for part in parts)
    yield from _measured(document["answer"])
    if document["answer"] is not None:
        text = json.dumps(document["answer"], ensure_ascii=False)
        cut = f"… ({len(text)} characters; --json has all)"
        yield "answer", text if len(text) <= ANSWER_LENGTH_MAX else text[:ANSWER_LENGTH_MAX] + cut
    for name in ("failure", "rejection"):
        if document.get(name):
            yield name, f"{document[name]['code']}: {document[name]['detail']}"
            yield "remedy", document[name]["remedy"]
    if document.get("cancellation"):
        yield "cancelled by", f"{document['cancellation']['actor']} {document['cancellation']['reason']}"


def _measured(answer: Any) -> Iterator[tuple[str, str]]:
    """What was measured, in a form that people read: a value with its error, the most frequent outcomes."""
    if not isinstance(answer, dict):
        return
    value, error = answer.get("value"), answer.get("std_error")
    if isinstance(value, int | float):
        spread = f" ± {error:.2g}" if isinstance(error, int | float) and error else ""
        yield "value", f"{value:.10g}{spread} {answer.get('unit', '')}".rstrip()
        bias = answer.get("bias_max")
        if isinstance(bias, int | float) and bias:
            yield "bias", f"up to {bias:.2g} by the noise of the machine, beside chance"
        raw, raw_error = answer.get("raw_value"), answer.get("raw_std_error")
        if isinstance(raw, int | float) and isinstance(raw_error, int | float):
            yield "uncorrected", f"{raw:.10g} ± {raw_error:.2g} {answer.get('unit', '')}".rstrip()
    counts = answer.get("counts")
    if isinstance(counts, dict) and counts and all(isinstance(count, int) for count in counts.values()):
        shots = sum(counts.values())
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        lines = [f"{key}  {count}  {count / shots:.2%}" for key, count in ranked[:OUTCOMES_SHOWN_MAX]]
        if len(ranked) > OUTCOMES_SHOWN_MAX:
            lines.append(f"… and {len(ranked) - OUTCOMES_SHOWN_MAX} others")
        yield "outcomes", "\n".join(lines)


def print_table(title: str, columns: list[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table as wide as the terminal at most. States and verdicts get their colour; what is left out is told."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    console = Console()
    fit = fitted(columns, cells, console.width)
    table = Table(title=title or None, title_justify="left")
    for name, width in zip(columns, fit.widths, strict=False):
        table.add_column(name, overflow="fold", width=width)
    for row in cells:
        shown = row[: len(fit.widths)]
        table.add_row(*(coloured(value) if value in _COLOURS else Text(value) for value in shown))
    console.print(table)
    if fit.left_out:
        sys.stderr.write(
            f"Too narrow for: {', '.join(filter(None, fit.left_out))}. Widen the terminal, or take --json.\n"
        )


@contextmanager
def live_line(text: str) -> Iterator[Live]:
    """A spinner with a line beside it, on standard error."""
    with Console(stderr=True).status(Text(text)) as status:
        yield lambda line: status.update(Text(line))
