"""What `queuebit jobs` does."""

from __future__ import annotations

import sys
from pathlib import Path

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFile, BadFlag
from queuebit_client.cli.output import note, print_json, print_line
from queuebit_client.cli.session import Target
from queuebit_client.results.comparison import Comparison
from queuebit_client.results.export import Way, exported, question_of
from queuebit_client.results.histogram import Histogram


def histogram(target: Target, job_id: str, *, top: int, plot: str | None, as_json: bool) -> ExitCode:
    """The outcomes of one job. Raises NoCounts."""
    place = place_of(plot)
    with target.client() as client:
        found = Histogram.of_job(client.get(job_id), top=top)
    return _show(found, place, as_json=as_json)


def diff(target: Target, one: str, other: str, *, plot: str | None, as_json: bool) -> ExitCode:
    """Two jobs side by side. That they differ is no failure."""
    place = place_of(plot)
    with target.client() as client:
        a, b = (client.get(each, include=("events",)) for each in (one, other))
    return _show(Comparison.of(a, b), place, as_json=as_json)


def export(target: Target, job_id: str, *, way: Way, out: str | None) -> ExitCode:
    """What the job asked, as a file. Raises NoQuestion, and BadFile where the place cannot be written."""
    with target.client() as client:
        job = client.get(job_id, include=("plan",))
        first = next(client.watch(job_id, compact=False), None)
    text = exported(job, question_of(first.data if first else {}), way)
    if out is None:
        sys.stdout.write(text)
        return ExitCode.OK
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadFile(f"{out}: {error.strerror or error}.", remedy="Name a place that can be written.") from None
    note(f"Wrote {out}.")
    return ExitCode.OK


def _show(found: Histogram | Comparison, place: Path | None, *, as_json: bool) -> ExitCode:
    if as_json:
        print_json(found.document())
    else:
        print_line(found.text())
    if place is not None:
        write_svg(place, found.svg())
    return ExitCode.OK


def write_svg(place: Path, picture: str) -> None:
    """Raises BadFile where the place cannot be written."""
    try:
        place.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise BadFile(f"{place}: {error.strerror or error}.", remedy="Name a place that can be written.") from None
    note(f"Drew {place}.")


def place_of(plot: str | None) -> Path | None:
    """The file of `--plot`. Raises BadFlag where it is no SVG."""
    if plot is None:
        return None
    if not plot.endswith(".svg"):
        raise BadFlag(f"--plot {plot} is no SVG file.", remedy="Name FILE.svg; any browser shows and prints SVG.")
    return Path(plot)
