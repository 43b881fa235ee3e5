"""`queuebit ops archive`: months of the log as files that can be checked, and put back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_Folder = Annotated[Path, typer.Option("--to", help="The folder that gets a folder for each month.", metavar="FOLDER")]
_Names = Annotated[
    list[str] | None,
    typer.Argument(help="The partitions, as in the list.", metavar="[PARTITION]...", show_default=False),
]
_Folders = Annotated[
    list[Path], typer.Argument(help="Folders of archives, each with its manifest.json.", metavar="FOLDER...")
]
_Before = Annotated[
    datetime | None,
    typer.Option(
        "--before", metavar="TIME", formats=o.FORMATS, help="All months that ended before this moment or day."
    ),
]


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("archive")
    group.command("create")(create)
    group.command("list")(show)
    group.command("restore")(restore)


def create(
    to: _Folder,
    partitions: _Names = None,
    before: _Before = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Write months into Parquet files with checksums, read them again, and take them out of the log, one after the other.

    Only a month that is over, whose jobs have all ended and were read by all readers. Its jobs are then not found any more,
    until it is restored. First the months are counted and frozen; what was killed on the way goes on with
    `queuebit ops operations resume`. Needs pyarrow, and PostgreSQL alone.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.output import note
        from queuebit_operations.archiving.acting import CREATE, choose, size_of
        from queuebit_operations.archiving.store import opened_archives
        from queuebit_operations.archiving.tables import need_arrow
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.errors import BadArgument

        b.need_reason(apply=apply, reason=reason)
        if bool(partitions) == bool(before):
            raise BadArgument("Name partitions, or a time.", remedy="See: queuebit ops archive list")
        need_arrow()
        async with opened_archives(postgres_settings(os.environ)) as store:
            names, left = await choose(store, partitions or [], o.in_utc(before), await store.now())
            for name in names:
                events, streams = await size_of(store, name)
                note(f"{name}: {events:,} events of {streams:,} streams")
        for name, why in left.items():
            note(f"{name} stays: {why}")
        given = {"to": str(to.resolve())}
        acting = b.Acting(apply, reason, None, limit, actor, as_json)
        return await b.freeze_and_act(CREATE, given, names, acting, what="months")

    return run(work())


def show(as_json: o.Json = False) -> int:
    """The months of the log, and those that lie in files."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, print_line
        from queuebit_operations.archiving.store import opened_archives
        from queuebit_operations.connections.store import postgres_settings

        async with opened_archives(postgres_settings(os.environ)) as store:
            live, out = await store.partitions(), await store.archives()
        if as_json:
            print_json({"partitions": [_plain(each) for each in live], "archives": [_plain(each) for each in out]})
            return ExitCode.OK
        for month in live:
            print_line(f"{month.name:<20} in the log   {month.since:%Y-%m-%d} to {month.until:%Y-%m-%d}")
        for each in out:
            print_line(f"{each.name:<20} {each.state:<12} {each.events} events in {each.folder}: {each.reason}")
        return ExitCode.OK

    return run(work())


def _plain(row: Any) -> dict[str, Any]:
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in asdict(row).items()}


def restore(
    folders: _Folders,
    apply: b.Apply = False,
    reason: b.Reason = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Put months back into the log, where they answer as before. Checksums are compared first; nothing is published again.

    First the archives are read and frozen, by their checksums; what was killed on the way goes on with
    `queuebit ops operations resume`.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.output import note
        from queuebit_operations.archiving.acting import RESTORE
        from queuebit_operations.archiving.manifest import read_manifest
        from queuebit_operations.archiving.tables import need_arrow

        b.need_reason(apply=apply, reason=reason)
        need_arrow()
        places = [each.resolve() for each in folders]
        manifests = {place: read_manifest(place) for place in places}
        for place, found in manifests.items():
            note(f"{place}: {found.rows('events'):,} events of {found.rows('streams'):,} streams")
        digests = {place.name: found.digest for place, found in manifests.items()}
        acting = b.Acting(apply, reason, None, limit, actor, as_json)
        return await b.freeze_and_act(RESTORE, digests, places, acting, what="months")

    return run(work())
