"""`queuebit ops archive`: months of the log as files that can be checked, and put back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_Folder = Annotated[Path, typer.Option("--to", help="The folder that gets a folder for the month.", metavar="FOLDER")]
_Run = Annotated[bool, typer.Option("--run/--dry-run", help="Take the month out; else it is only told what would be.")]


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("archive")
    group.command("create")(create)
    group.command("list")(show)
    group.command("restore")(restore)


def create(
    partition: Annotated[str, typer.Argument(help="The partition, as in the list.", metavar="PARTITION")],
    to: _Folder,
    reason: a.Reason,
    run_it: _Run = False,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Write a month into Parquet files with checksums, read them again, and take it out of the log.

    Only a month that is over, whose jobs have all ended and were read by all readers. Its jobs are then not found any more,
    until it is restored. A crash on the way is mended by the same command again. Needs pyarrow, and PostgreSQL alone.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import note
        from queuebit_operations.archiving.archive import chosen, go_on, take_out, write
        from queuebit_operations.archiving.store import opened_archives
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_runtime.clock import SystemClock

        now = SystemClock().now()
        async with opened_archives(postgres_settings(os.environ)) as store:
            if run_it and partition in await go_on(store):
                note(f"{partition} was taken out before; what was left of it is gone now.")
                if as_json:
                    _tell(True, {"partition": partition, "taken_out": True})
                return ExitCode.OK
            month = await chosen(store, partition, now)
            manifest = await write(store, month, to, now, _progress)
            if run_it:
                await take_out(store, manifest, to, actor=a.actor_or_user(actor), reason=reason)
            else:
                note("Written and checked; nothing was taken out. With --run it is.")
            rows = {table: part.rows for table, part in manifest.parts.items()}
            _tell(
                as_json,
                {
                    "partition": partition,
                    "folder": str(to / partition),
                    "digest": manifest.digest,
                    "rows": rows,
                    "taken_out": run_it,
                },
            )
            return ExitCode.OK

    return run(work())


def show(as_json: o.Json = False) -> int:
    """The months of the log, and those that lie in files."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_operations.archiving.store import opened_archives
        from queuebit_operations.connections.store import postgres_settings

        async with opened_archives(postgres_settings(os.environ)) as store:
            live, out = await store.partitions(), await store.archives()
        if as_json:
            _tell(True, {"partitions": [asdict(each) for each in live], "archives": [asdict(each) for each in out]})
            return ExitCode.OK
        for month in live:
            typer.echo(f"{month.name:<20} in the log   {month.since:%Y-%m-%d} to {month.until:%Y-%m-%d}")
        for each in out:
            typer.echo(f"{each.name:<20} {each.state:<12} {each.events} events in {each.folder}: {each.reason}")
        return ExitCode.OK

    return run(work())


def restore(
    folder: Annotated[
        Path, typer.Argument(help="The folder of the archive, with its manifest.json.", metavar="FOLDER")
    ],
    as_json: o.Json = False,
) -> int:
    """Put a month back into the log, where it answers as before. Checksums are compared first; nothing is published again."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_operations.archiving import archive
        from queuebit_operations.archiving.store import opened_archives
        from queuebit_operations.connections.store import postgres_settings

        async with opened_archives(postgres_settings(os.environ)) as store:
            manifest = await archive.restore(store, folder, _progress)
        rows = {table: part.rows for table, part in manifest.parts.items()}
        _tell(as_json, {"partition": manifest.partition.name, "rows": rows})
        return ExitCode.OK

    return run(work())


def _progress(table: str, rows: int) -> None:
    from queuebit_client.cli.output import note

    if rows % 100_000 == 0:
        note(f"{rows:,} {table}")


def _tell(as_json: bool, found: dict[str, Any]) -> None:
    import json

    if as_json:
        typer.echo(json.dumps(found, default=str, indent=2))
        return
    for name, value in found.items():
        typer.echo(f"{name}: {value}")
