"""What `queuebit backends` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, show_table
from queuebit_client.cli.session import Target
from queuebit_client.errors import NotFound
from queuebit_contracts.backends import BackendCapabilities, BackendDrift, BackendRuns, BackendView, CalibrationSummary

UNKNOWN = "unknown"
RECOVERY = {
    "token": "yes: sent again under its token it is the same",
    "fence": "yes: looked for behind a closed fence",
    "search": "by search only: a late one may come after",
    "none": "nothing outlives the process, nothing is paid",
}
UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def list_backends(target: Target, *, lane: str | None, as_json: bool) -> ExitCode:
    """A line a backend."""
    with target.client() as client:
        found = [each for each in client.backends() if lane in (None, each.lane)]
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return ExitCode.OK
    if not found:
        note("No backend has reported. Start a quantum adapter, and a control plane that hears it.")
    rows = [
        [
            each.name,
            each.lane,
            _state(each),
            told(each.qubits_max),
            told(each.queue_length),
            span(each.calibration_age_s),
            span(None if each.runs is None else each.runs.wait_s_median),
        ]
        for each in found
    ]
    columns = ["backend", "lane", "state", "qubits", "queue", "calibrated before", "expected wait"]
    show_table("Backends", columns, rows)
    return ExitCode.OK


def compare(target: Target, names: Sequence[str], *, as_json: bool) -> ExitCode:
    """A row a property, a column a backend. Raises NotFound where a name is none."""
    with target.client() as client:
        known = {each.name: each for each in client.backends()}
    for name in names:
        if name not in known:
            raise NotFound(
                f"There is no backend {name!r}.",
                code="backend_not_found",
                remedy=f"Use one of: {', '.join(known) or 'none has reported'}.",
            )
    found = [known[name] for name in names] or list(known.values())
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return ExitCode.OK
    properties = (*ROWS, DETAIL) if len(found) == 1 and found[0].detail is not None else ROWS
    rows = [[title, *(of(each) for each in found)] for title, of in properties]
    show_table("Backends", ["", *(each.name for each in found)], rows)
    return ExitCode.OK


def told(value: float | str | bool | None) -> str:
    """A value in words; what is not known is never 0."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)


def span(seconds: float | None) -> str:
    """A time in its best unit."""
    if seconds is None:
        return UNKNOWN
    size, unit = next(((size, unit) for size, unit in UNITS if abs(seconds) >= size), UNITS[-1])
    return "0 s" if seconds == 0 else f"{seconds / size:.3g} {unit}"


def _state(view: BackendView) -> str:
    return f"stale: last heard {span(view.report_age_s)} ago" if view.state == "stale" else view.state


def _can(of: Callable[[BackendCapabilities], str]) -> Callable[[BackendView], str]:
    return lambda view: UNKNOWN if view.capabilities is None else of(view.capabilities)


def _calibrated(of: Callable[[CalibrationSummary], str]) -> Callable[[BackendView], str]:
    return lambda view: UNKNOWN if view.calibration is None else of(view.calibration)


def _ran(of: Callable[[BackendRuns], str]) -> Callable[[BackendView], str]:
    return lambda view: UNKNOWN if view.runs is None else of(view.runs)


def _probed(of: Callable[[BackendDrift], str]) -> Callable[[BackendView], str]:
    return lambda view: UNKNOWN if view.drift is None else of(view.drift)


def _drift(one: BackendDrift) -> str:
    since = f" since {one.since:%Y-%m-%d %H:%M}" if one.drifted and one.since is not None else ""
    return f"{'yes' if one.drifted else 'no'}{since} ({one.statistic:.1f} of {one.limit:g})"


ROWS: tuple[tuple[str, Callable[[BackendView], str]], ...] = (
    ("lane", lambda view: view.lane),
    ("state", _state),
    ("provider", lambda view: told(view.provider)),
    ("qubits at most", lambda view: told(view.qubits_max)),
    ("shots at most", _can(lambda can: told(can.shots_max))),
    ("circuits a request", _can(lambda can: told(can.circuits_max))),
    ("takes", _can(lambda can: "spins" if can.annealer else "circuits")),
    ("samples are", _can(lambda can: can.noise)),
    ("exact values", _can(lambda can: told(can.exact))),
    ("estimates success", _can(lambda can: told(can.estimates))),
    ("repeats with its seed", _can(lambda can: told(can.repeats))),
    ("against errors", _can(lambda can: ", ".join(can.mitigations) or "nothing")),
    ("can a lost answer be reconciled?", _can(lambda can: RECOVERY[can.recovery])),
    ("may stay unseen for", _can(lambda can: span(can.lag_s))),
    ("queue", lambda view: told(view.queue_length)),
    ("calibrated before", lambda view: span(view.calibration_age_s)),
    ("share that works", _calibrated(lambda one: told(one.working))),
    ("couplings", _calibrated(lambda one: told(one.couplings))),
    ("two-qubit error (median)", _calibrated(lambda one: told(one.two_qubit_error))),
    ("readout error (median)", _calibrated(lambda one: told(one.readout_error))),
    ("T1 (median)", _calibrated(lambda one: span(one.t1_s))),
    ("T2 (median)", _calibrated(lambda one: span(one.t2_s))),
    ("drifted", _probed(_drift)),
    ("probes", _probed(lambda one: told(one.probes))),
    ("survival of the last probe", _probed(lambda one: f"{one.survival:.3f}")),
    ("survival of those before", _probed(lambda one: UNKNOWN if one.usual is None else f"{one.usual:.3f}")),
    ("our attempts there", _ran(lambda ran: UNKNOWN if ran.total is None else f"{ran.total}, {ran.failed} failed")),
    ("expected wait (median)", _ran(lambda ran: span(ran.wait_s_median))),
    ("expected wait (90 %)", _ran(lambda ran: span(ran.wait_s_p90))),
    ("turnaround (median)", _ran(lambda ran: span(ran.turnaround_s_median))),
)
"""What is told of each backend, in this order."""
DETAIL: tuple[str, Callable[[BackendView], str]] = ("in its own words", lambda view: told(view.detail))
