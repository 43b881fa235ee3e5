"""`queuebit report`: the honesty report of jobs of the server, or of documents that were saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFile, BadFlag, text_of
from queuebit_client.cli.output import for_people, note, print_json, show_table
from queuebit_client.cli.session import Target
from queuebit_client.document import document_of
from queuebit_client.honesty.charts import Chart, svg_of
from queuebit_client.honesty.jobs import LANES, honesty_report
from queuebit_client.honesty.plots import charts_of

ENDED_STATES = ["completed", "failed", "expired"]
_ATTEMPTS = (
    "job", "kind", "leg", "state", "objective", "gap", "q", "q norm.", "feasible", "P(opt)", "raw", "placebo", "seconds",
    "credit",
)  # fmt: skip
_SUMMARY = (
    "kind",
    "lane",
    "jobs",
    "won",
    "gap",
    "q",
    "q norm.",
    "feasible",
    "P(opt)",
    "placebo as good",
    "seconds",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs: those named, those saved in files, or, where neither is given, the newest of the server."""

    jobs: Sequence[str] = ()
    files: Sequence[str] = ()
    kinds: Sequence[str] = ()
    lane: str | None = None
    limit: int = 20


def report(target: Target, wanted: Wanted, *, as_json: bool, plot: str | None) -> ExitCode:
    """Print the report, and draw it where a place for the plots is named. Raises BadFile or BadFlag."""
    if wanted.lane is not None and wanted.lane not in LANES:
        raise BadFlag(f"There is no lane {wanted.lane}.", remedy=f"Use one of: {', '.join(LANES)}.")
    place = None if plot is None else _place(plot)
    found = honesty_report(_documents(target, wanted), lane=wanted.lane)
    show_report(found, as_json=as_json)
    if place is not None:
        draw(charts_of(found["summary"]), place)
    return ExitCode.OK


def show_report(found: Mapping[str, Any], *, as_json: bool) -> None:
    """The report as one JSON document, or as two tables: each attempt, and the summary of each kind and lane."""
    if as_json:
        print_json(found)
        return
    show_table("Attempts", _ATTEMPTS, (row for job in found["jobs"] for row in _rows(job)))
    if for_people():
        show_table("By kind and lane (medians)", _SUMMARY, map(_line, found["summary"]))
        for reason in dict.fromkeys(_unknown(found["jobs"])):
            note(reason)


def draw(charts: Sequence[Chart], place: Path) -> None:
    """All charts in one SVG file, or one file each in a folder. Raises BadFile."""
    try:
        if place.suffix == ".svg":
            place.write_text(svg_of(charts), encoding="utf-8")
            note(f"Drew {place}.")
            return
        place.mkdir(parents=True, exist_ok=True)
        for chart in charts:
            (place / f"{chart.name}.svg").write_text(svg_of([chart]), encoding="utf-8")
        note(f"Drew {len(charts)} charts in {place}.")
    except OSError as error:
        raise BadFile(f"{place}: {error.strerror or error}.", remedy="Name a place that can be written.") from None


def _place(plot: str) -> Path:
    place = Path(plot)
    if place.suffix in ("", ".svg") or place.is_dir():
        return place
    raise BadFlag(
        f"--plot {plot} is neither an SVG file nor a folder.",
        remedy="Name FILE.svg or a folder; any browser shows and prints SVG, and most programs convert it.",
    )


def _documents(target: Target, wanted: Wanted) -> list[Mapping[str, Any]]:
    saved = [document for file in wanted.files for document in read_documents(file)]
    if wanted.jobs or not wanted.files:
        with target.client() as client:
            filters = {"state": ENDED_STATES, **({"kind": list(wanted.kinds)} if wanted.kinds else {})}
            names = wanted.jobs or [str(job.id) for job in client.list(limit=wanted.limit, **filters)]
            saved += [document_of(client.get(name)) for name in names]
    return [each for each in saved if not wanted.kinds or each.get("kind") in wanted.kinds]


_OWN = "confidence_parts"
"""What only a document has: the whole view of a job names it otherwise. `job_id` was its name of `id` before."""


def read_documents(file: str) -> Iterator[Mapping[str, Any]]:
    """The documents of jobs in a file: one, a list, or one a line, as `--json` prints them. Raises BadFile."""
    text = text_of(file)
    try:
        whole = json.loads(text)
        listed = whole if isinstance(whole, list) else [whole]
    except (ValueError, RecursionError):
        listed = [_parsed(file, place, line) for place, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not listed:
        raise BadFile(f"{file} is empty.", remedy="Save what `queuebit run FILE --json` prints.")
    for place, each in enumerate(listed, 1):
        if isinstance(each, dict) and {"state", "kind"} <= each.keys() and ("job_id" in each or _OWN in each):
            yield {"id": each.get("job_id"), **each}
        else:
            yield _from_view(file, place, each)


def _from_view(file: str, place: int, value: Any) -> Mapping[str, Any]:
    """The document of a job whose whole view was saved."""
    from pydantic import ValidationError

    from queuebit_client.models import Job

    try:
        return document_of(Job.model_validate(value))
    except ValidationError:
        raise BadFile(
            f"{file}: entry {place} is no document of a job.",
            remedy="Save what `queuebit run FILE --json`, `submit --wait --json` or `show --json` prints.",
        ) from None


def _parsed(file: str, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{file}, line {line}: not valid JSON: {error}.", remedy="Save what `--json` prints.") from None


def _rows(job: Mapping[str, Any]) -> Iterator[list[Any]]:
    """A line for each attempt; for a job without one, a line that says so."""
    winner = job["winner"] or {}
    last = {attempt["leg"]: place for place, attempt in enumerate(job["attempts"])}
    for place, (attempt, times) in enumerate(zip(job["attempts"], job["circumstances"]["attempts"], strict=True)):
        won = attempt["leg"] == winner.get("leg") and last[attempt["leg"]] == place
        yield [
            job["job_id"],
            job["kind"],
            attempt["leg"],
            attempt["state"],
            attempt["objective"],
            _number(attempt["gap"]),
            _number(attempt["q"]),
            _number(attempt["q_normalised"]),
            _share(attempt["feasible_fraction"]),
            _share(attempt["p_opt"]),
            attempt["raw_objective"],
            attempt["placebo_objective"],
            _number(times["run_s"]),
            winner["credit"] if won else None,
        ]
    if not job["attempts"]:
        yield [job["job_id"], job["kind"], None, job["state"], job["objective"], *[None] * 9]


def _line(line: Mapping[str, Any]) -> list[Any]:
    def median(spread: Mapping[str, Any] | None) -> str | None:
        return None if spread is None else _number(spread["median"])

    return [
        line["kind"],
        line["lane"],
        line["jobs"],
        _share(line["won"]),
        *(median(line[name]) for name in ("gap", "q", "q_normalised", "feasible_fraction", "p_opt")),
        _share(line["placebo_matched"]),
        median(line["circumstances"]["run_s"]),
        ", ".join(f"{cost['amount']} {cost['currency']}" for cost in line["cost"]) or "0",
    ]


def _unknown(jobs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Why numbers are missing, each reason once a lane."""
    for job in jobs:
        for name, why in job["unknown"].items():
            yield f"No {name}: {why}."
        for attempt in job["attempts"]:
            for name, why in attempt["unknown"].items():
                yield f"No {name} ({attempt['lane']}): {why}."


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"


def _share(share: Mapping[str, Any] | None) -> str | None:
    return None if share is None else f"{share['value']:.3g} [{share['low']:.3g}, {share['high']:.3g}]"
