"""`queuebit circuit`, and `queuebit backends rank`: flags and words. What is heavy is imported inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_client.cli import options as o

if TYPE_CHECKING:
    from queuebit_quantum_adapter.backends.spec import BackendSpec
    from queuebit_workbench.circuits.ranking import By
    from queuebit_workbench.circuits.values import Ask, Estimate, Fitting

File = Annotated[str, typer.Argument(metavar="FILE", help="OpenQASM 2 or 3, or QPY (.qpy).")]
Target = Annotated[
    str | None, typer.Option(help="Fit it to this device first, as fake_sherbrooke; else it stays as stated.")
]
Level = Annotated[int, typer.Option(min=0, max=3, help="How hard the transpiler tries.")]
Seed = Annotated[int, typer.Option(min=0, help="The transpiler's seed: the same seed gives the same circuit.")]
Layout = Annotated[
    str, typer.Option(help="Where its qubits begin on the device, as 5,3,4; else the transpiler chooses.")
]
ORDERS = ("success", "wait", "cost")


def register(app: typer.Typer) -> None:
    """Add the group `circuit` to `app`, and `rank` to its group `backends`, where there is one."""
    circuit = typer.Typer(help="Circuits, looked at before and after.", no_args_is_help=True, rich_markup_mode=None)
    circuit.command("draw")(draw)
    circuit.command("stats")(stats)
    circuit.command("convert")(convert)
    app.add_typer(circuit, name="circuit")
    for group in app.registered_groups:
        if group.name == "backends" and group.typer_instance is not None:
            group.typer_instance.command("rank")(rank)


def draw(
    file: File,
    target: Target = None,
    level: Level = 2,
    seed: Seed = 7,
    layout: Layout = "",
    plot: Annotated[str | None, typer.Option(metavar="FILE.svg", help="Draw it into this file instead.")] = None,
) -> int:
    """Draw a circuit as it is stated, and as it is on a device."""
    from queuebit_client.cli.output import print_line
    from queuebit_client.cli.results import place_of, write_svg

    place = place_of(plot)
    for nth, each in enumerate(_fitted(file, target, level, seed, layout)):
        if place is None:
            print_line(each.picture.text())
        else:
            write_svg(place if nth == 0 else place.with_stem(f"{place.stem}-{target}"), each.picture.svg())
    return 0


def stats(
    file: File, target: Target = None, level: Level = 2, seed: Seed = 7, layout: Layout = "", as_json: o.Json = False
) -> int:
    """Count a circuit before and after: qubits, depth, gates, two-qubit gates and their depth, estimated success."""
    from dataclasses import asdict

    from queuebit_client.cli.backends import told
    from queuebit_client.cli.output import print_json, show_table

    found = _fitted(file, target, level, seed, layout)
    if as_json:
        names = ["stated", "fitted"]
        print_json({name: asdict(each.stats) for name, each in zip(names, found, strict=False)})
        return 0
    sides = [each.stats for each in found]
    at_most = ["at most " if each.unknown_errors and each.success is not None else "" for each in sides]
    rows = [
        ["qubits", *(told(each.qubits) for each in sides)],
        ["depth", *(told(each.depth) for each in sides)],
        ["two-qubit gates", *(told(each.two_qubit_gates) for each in sides)],
        ["two-qubit depth", *(told(each.two_qubit_depth) for each in sides)],
        ["operations", *(", ".join(f"{n} {name}" for name, n in each.operations.items()) for each in sides)],
        ["estimated success", *(f"{word}{told(each.success)}" for word, each in zip(at_most, sides, strict=True))],
        ["layout", *(",".join(map(str, each.layout)) or "as stated" for each in sides)],
    ]
    show_table(file, ["", "as stated", *([] if target is None else [f"on {target}"])], rows)
    return 0


def convert(
    file: File,
    out: Annotated[str, typer.Argument(metavar="OUT", help="The file to write: .qasm, or .qpy.")],
    qasm: Annotated[int, typer.Option(min=2, max=3, help="The version of OpenQASM that is written.")] = 3,
) -> int:
    """Write a circuit in another format."""
    from queuebit_client.cli.output import note
    from queuebit_workbench.circuits.files import read, write

    write(read(file), out, qasm)
    note(f"Wrote {out}.")
    return 0


def rank(
    context: typer.Context,
    file: File,
    shots: Annotated[int, typer.Option(min=1, help="How many runs are wanted.")] = 1024,
    by: Annotated[
        str, typer.Option(help="What counts first: success, wait or cost; the others part what is equal.")
    ] = "success",
    as_json: o.Json = False,
) -> int:
    """Rank the backends configured here (QUEUEBIT_QUANTUM_PROVIDERS…) for one circuit, as each would run it.

    The parts of each estimate are shown; what is not known is never taken for 0. Expected waits and states are the server's.
    """
    from queuebit_client.cli.backends import span, told
    from queuebit_client.cli.files import BadFlag
    from queuebit_client.cli.output import note, print_json, show_table
    from queuebit_client.errors import QueuebitError
    from queuebit_workbench.circuits.files import in_processes, read
    from queuebit_workbench.circuits.ranking import ranked
    from queuebit_workbench.circuits.values import Ask

    if by not in ORDERS:
        raise BadFlag(f"--by {by} is none.", remedy=f"Use one of: {', '.join(ORDERS)}.")
    order: By = by  # type: ignore[assignment]
    circuit = read(file)
    specs = _configured()
    estimates = in_processes("ask", [Ask(spec, circuit, shots) for spec in specs], instead=_refused)
    try:
        with context.obj.client() as client:
            views = {each.name: each for each in client.backends()}
    except QueuebitError as error:
        note(f"Waits and states are unknown: {error.detail}")
        views = {}
    found = ranked(estimates, views, order)
    if as_json:
        print_json([each.document() for each in found])
        return 0
    rows = []
    for nth, each in enumerate(found, 1):
        paid = None if each.cost is None else " + ".join(f"{n:.4g} {name}" for name, n in each.cost.items()) or "free"
        cost = f"at least {told(paid)}" if each.cost_at_least and paid is not None else told(paid)
        place = "" if each.refused else str(nth)
        parts = [told(each.success), span(each.wait_s), span(each.run_s), cost, each.refused]
        rows.append([place, each.backend, each.lane, each.state, *parts])
    columns = ["", "backend", "lane", "state", "success", "wait", "run", "cost", "refused"]
    show_table(f"{file}, {shots} shots, by {by}", columns, rows)
    return 0


def _refused(asked: Ask, error: Exception) -> Estimate:
    from queuebit_workbench.circuits.values import Estimate

    return Estimate(asked.spec.name, asked.spec.lane, refused=str(error)[:200])


def _configured() -> list[BackendSpec]:
    from queuebit_client.cli.output import note
    from queuebit_quantum_adapter.backends.discovery import discover
    from queuebit_quantum_adapter.shell.settings import AdapterSettings

    settings = AdapterSettings()
    found = discover(settings.provider_names, settings.setup)
    for fault in found.broken:
        note(fault)
    return [spec for spec in found.specs if not spec.annealer]


def _fitted(file: str, target: str | None, level: int, seed: int, layout: str) -> list[Fitting]:
    from queuebit_client.cli.files import BadFlag
    from queuebit_workbench.circuits.files import in_processes, read
    from queuebit_workbench.circuits.values import Fit

    try:
        places = tuple(int(each) for each in layout.split(",") if each.strip())
    except ValueError:
        raise BadFlag(f"--layout {layout} is no list of numbers.", remedy="Write it as 5,3,4.") from None
    if target is not None:
        _check_target(target)
    elif places:
        raise BadFlag("--layout says where qubits begin on a device, and none is named.", remedy="Give --target too.")
    circuit = read(file)
    asked = [Fit(circuit)] if target is None else [Fit(circuit), Fit(circuit, target, level, seed, places)]
    return in_processes("fit", asked)


def _check_target(name: str) -> None:
    """Raises BadFlag with the names that are nearest."""
    from queuebit_client.cli.files import BadFlag
    from queuebit_quantum_adapter.backends.snapshots import snapshot_of
    from queuebit_quantum_adapter.errors import UnknownTarget

    try:
        snapshot_of(name)
    except UnknownTarget as error:
        raise BadFlag(error.detail, remedy=error.remedy) from None
