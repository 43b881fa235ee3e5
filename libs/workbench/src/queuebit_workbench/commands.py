"""The commands of one machine (`up`, `down`, `status`, `logs`, `run`, `demo` and `console`), plugged into `queuebit`.

Everything heavy is imported inside the functions, so that `queuebit --help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from queuebit_client.cli import options as o
from queuebit_workbench import console
from queuebit_workbench.circuits import verbs
from queuebit_workbench.experiments import verbs as experiment_verbs

EXIT_UNAVAILABLE = 8
HTTP_PORT_DEFAULT = 8080

_Port = Annotated[int, typer.Option(envvar="QUEUEBIT_HTTP_PORT", help="The gateway's port; a free one if taken.")]
_Paused = Annotated[
    bool, typer.Option("--paused", help="Hold all work back before a service starts; go on with queuebit ops resume.")
]
_IbmStub = Annotated[
    bool,
    typer.Option("--with-ibm-stub", help="An IBM Quantum on loopback serves the quantum lane, on a noisy simulator."),
]
_BraketStub = Annotated[
    bool, typer.Option("--with-braket-stub", help="The same of Amazon Braket; of both, IBM is preferred.")
]
_LeapStub = Annotated[
    bool, typer.Option("--with-leap-stub", help="D-Wave's Leap on loopback serves who asks for an annealer.")
]
_Observability = Annotated[
    bool,
    typer.Option(
        "--observability", help="Prometheus with our rules and a collector beside the services, where they can be had."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("logs")(logs)
    app.command("run")(run)
    app.command("demo")(demo)
    app.command("console")(console.console)
    verbs.register(app)
    experiment_verbs.register(app)


def up(
    brokers: Annotated[int, typer.Option(help="Kafka brokers: 1, or 3 that survive the loss of one.")] = 1,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Kafka and PostgreSQL, no services.")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, and stop all at Ctrl-C.")] = False,
    tls: Annotated[bool, typer.Option("--tls", envvar="QUEUEBIT_LOCAL_TLS", help="Let Kafka speak TLS.")] = False,
    port: _Port = HTTP_PORT_DEFAULT,
    paused: _Paused = False,
    with_ibm_stub: _IbmStub = False,
    with_braket_stub: _BraketStub = False,
    with_leap_stub: _LeapStub = False,
    observability: _Observability = False,
) -> None:
    """Start Kafka, PostgreSQL and the services on this machine, or what of them is missing.

    With --paused questions are taken in and planned, and no further attempt is let out: look, cancel what is bad, and resume,
    with --rate not all at once. What was out before is taken back by queuebit ops jobs recall.

    With --with-ibm-stub, --with-braket-stub or --with-leap-stub a cloud on loopback runs beside the services, which the own
    client of its vendor takes for the real one: questions of the quantum lane are handed in there, and nothing is paid.

    With --observability Prometheus scrapes the services, also those that run already, and evaluates the alerts of the runbooks;
    services that are started send every trace and all metrics to an OpenTelemetry collector, which keeps them in files.
    """
    if brokers not in (1, 3):
        raise typer.BadParameter("1 or 3, please.", param_hint="--brokers")
    from queuebit_workbench.starting import start

    stubs = {"ibm": with_ibm_stub, "braket": with_braket_stub, "leap": with_leap_stub}
    clouds = [name for name, wanted in stubs.items() if wanted]
    if observability and (servers_only or foreground):
        raise typer.BadParameter(
            "Prometheus watches services that run in the background.", param_hint="--observability"
        )
    if clouds and servers_only:
        raise typer.BadParameter("A cloud runs beside the services.", param_hint="--servers-only")
    _run(
        start(
            typer.echo,
            brokers=brokers,
            servers_only=servers_only,
            foreground=foreground,
            http_port=port,
            tls=tls,
            paused=paused,
            clouds=clouds,
            observability=observability,
        )
    )


def down() -> None:
    """Stop everything that `up` started, and leftovers of a crashed run. The data stays."""
    from queuebit_devstack.errors import DevstackError
    from queuebit_devstack.external import default_data_dir
    from queuebit_devstack.leftovers import end_stack

    try:
        ended = end_stack(default_data_dir())
    except DevstackError as error:
        _fail(error)
    typer.echo(f"Stopped {ended} processes." if ended else "Nothing was running.")


def status(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Show what runs, where, and why work cannot flow. Exit code 8 where something that work needs does not run or is
    not ready: Prometheus and the collector only watch.
    """
    import asyncio
    import json

    from queuebit_devstack.errors import DevstackError
    from queuebit_devstack.external import default_data_dir
    from queuebit_devstack.up import report

    try:
        found = asyncio.run(report(default_data_dir()))
    except DevstackError as error:
        _fail(error)
    if as_json:
        typer.echo(json.dumps(found))
    elif found["processes"] or found["running"]:
        for process in found["processes"]:
            _show_process(process)
        for name in ("kafka", "postgres", "gateway"):
            typer.echo(f"{name:<20} {found[name] or '-'}")
        for user, path in found["kafka_users"].items():
            typer.echo(f"{f'kafka as {user}':<20} {path}")
    else:
        typer.echo("Nothing runs here. Start with: queuebit up")
    if not (found["running"] and found["ready"]):
        raise typer.Exit(EXIT_UNAVAILABLE)


def _show_process(process: Mapping[str, Any]) -> None:
    """A line, and one for each reason why no work can flow through it."""
    life = f"pid {process['pid']}, {process['rss_mb']} MB" if process["alive"] else "dead"
    ready = {True: "ready, ", False: "not ready, " if process["alive"] else "", None: ""}[process["ready"]]
    typer.echo(f"{process['name']:<20} port {process['port'] or '-':<6} {ready}{life}")
    if process["kind"] == "watcher" and not process["alive"]:
        typer.echo(f"{'':<20} work goes on unwatched; it comes again with queuebit up --observability")
    for reason in process["reasons"]:
        since = f" (since {reason['since']})" if reason.get("since") else ""
        typer.echo(f"{'':<20} {reason.get('code')}: {reason.get('detail')}{since}")
    if process["supervision"] and process["supervision"]["sentence"]:
        typer.echo(f"{'':<20} {process['supervision']['sentence']}")


def logs(
    name: Annotated[str | None, typer.Argument(help="A process, such as gateway, kafka-1 or postgres.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
) -> None:
    """Print the last lines of the logs: of all, or of one process."""
    from queuebit_devstack.external import default_data_dir
    from queuebit_devstack.processes import tail

    folder = default_data_dir() / "logs"
    files = sorted(folder.glob("*.log"))
    known = [file.stem for file in files]
    if name is not None and name not in known:
        raise typer.BadParameter(f"There is no log of {name}; there are: {', '.join(known) or 'none'}.")
    chosen = [file for file in files if name is None or file.stem == name]
    ends = {file: file.stat().st_size for file in chosen}
    for file in chosen:
        typer.echo(f"==> {file.stem} <==\n{tail(file, 200 if name else 20)}")
    if follow:
        _follow(ends)


def run(
    file: o.File,
    kind: o.Kind = None,
    lane: o.Lane = None,
    tier: o.Tier = None,
    budget_s: o.BudgetS = None,
    latency_budget_s: o.LatencyBudgetS = None,
    deadline: o.Deadline = None,
    seed: o.Seed = None,
    param: o.Param = None,
    label: o.Label = None,
    wait: Annotated[bool, typer.Option("--wait", help="Accepted for likeness with submit: run always waits.")] = True,
    report: Annotated[bool, typer.Option("--report", help="Add the honesty report of the job.")] = False,
    as_json: o.Json = False,
) -> int:
    """Take one job through all five services in this process: no server. Exit 0 only for an accepted answer."""
    del wait
    from queuebit_client.cli.files import body_of
    from queuebit_client.cli.output import for_people, note, show_outcome
    from queuebit_client.cli.words import words_of

    submission = o.Submission(
        file, kind, lane, tier, budget_s, latency_budget_s, deadline, seed, param or [], label or []
    )
    body = body_of(submission, here=True)
    from queuebit_quantum_adapter.main import read_settings
    from queuebit_workbench.local import run_interruptible

    if isinstance(settings := read_settings(), int):
        return settings

    def tell(name: str, data: Mapping[str, Any]) -> None:
        if for_people() and not as_json:
            note(f"{name:<20} {words_of(name, data)}")

    document = run_interruptible(body, tell)
    if not report:
        return show_outcome(document, as_json=as_json)
    from queuebit_client.cli.report import show_report
    from queuebit_client.honesty.jobs import honesty_report

    found = honesty_report([document])
    code = show_outcome({**document, "report": found} if as_json else document, as_json=as_json)
    if not as_json:
        show_report(found, as_json=False)
    return code


def demo() -> None:
    """Start everything, run published instances, kill a worker on the way, show the table, stop."""
    from queuebit_devstack.errors import DevstackError
    from queuebit_workbench.demo.run import main as run_demo

    try:
        code = run_demo()
    except DevstackError as error:
        _fail(error)
    raise typer.Exit(code)


def _follow(ends: dict[Path, int]) -> None:
    """Print what is appended to the files until Ctrl-C."""
    import time

    try:
        while True:
            for file, end in ends.items():
                with file.open("rb") as content:
                    content.seek(end)
                    fresh = content.read(1 << 20)
                ends[file] = end + len(fresh)
                for line in fresh.decode(errors="replace").splitlines():
                    typer.echo(f"{file.stem:<18} {line}" if len(ends) > 1 else line)
            time.sleep(0.2)
    except KeyboardInterrupt:
        return


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; SIGINT and SIGTERM cancel it, so that it cleans up."""
    import asyncio
    import signal

    from queuebit_devstack.errors import DevstackError

    async def interruptible() -> None:
        task = asyncio.current_task()
        assert task is not None
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, task.cancel)
        await work

    try:
        asyncio.run(interruptible())
    except DevstackError as error:
        _fail(error)
    except asyncio.CancelledError:
        typer.echo("Stopped.")


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"Error: {error}", err=True)
    raise typer.Exit(EXIT_UNAVAILABLE) from error


def main() -> None:
    """`python -m queuebit_workbench`."""
    app = typer.Typer(name="queuebit-workbench", no_args_is_help=True, add_completion=False)
    register(app)
    sys.exit(app())
