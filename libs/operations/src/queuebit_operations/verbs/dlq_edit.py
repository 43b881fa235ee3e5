"""`queuebit ops dlq edit`: a dead letter is sent again with another value or other headers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("dlq").command("edit")(edit)


def edit(
    letter: d.Letter,
    reason: a.Reason,
    value_file: Annotated[
        Path | None, typer.Option("--value-file", exists=True, dir_okay=False, help="The new value, from a file.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="A header to set; repeatable.")
    ] = None,
    actor: a.Actor = None,
    apply: d.Apply = False,
    as_json: o.Json = False,
) -> int:
    """Send a corrected copy of one dead letter to where it came from. The letter itself is settled: one copy is left, which
    names the letter that it was.

    The copy has an id of its own, as it is not what was sent before. Needs QUEUEBIT_API_KEY of an operator or admin, as who
    edits a record sees it. What waits behind it stays until it is redriven.
    """
    from queuebit_operations.running import run

    value = None if value_file is None else value_file.read_bytes()
    return run(_edit(letter, reason, value, header or [], a.actor_or_user(actor), dry_run=not apply, as_json=as_json))


async def _edit(
    name: str, reason: str, value: bytes | None, said: list[str], actor: str, *, dry_run: bool, as_json: bool
) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.dead_letters.editing import edited
    from queuebit_runtime.bus.dead_letters.marks import Mark
    from queuebit_runtime.clock import SystemClock

    clock = SystemClock()
    key_id = await d.key_that_sees()
    async with d.opened_reader() as reader:
        kept, box = await reader.one(name)
    copy = edited(kept, box, value, said)
    offset = None
    if not dry_run:
        by = f"{actor} (key {key_id})"
        async with d.a_sender() as sender:
            redrive = d.new_id()
            offset = await sender.send(kept, redrive, value=copy.value, headers=copy.headers)
            mark = Mark(
                "edited", by, reason, clock.now(), kept.letter.origin, kept.letter.key or b"", offset, redrive=redrive
            )
            await sender.mark(mark, kept.letter.group)
    waiting = [each.id for each in box if each.open and each.sequence == kept.sequence and each.id != kept.id]
    origin = kept.letter.origin
    document = {
        "dry_run": dry_run,
        "letter": kept.id,
        "edited_from": str(origin),
        "event_id": copy.headers["ce_id"].decode(),
        "sent_to": None if offset is None else f"{origin.topic}/{origin.partition}@{offset}",
        "waiting": waiting,
    }
    if as_json:
        print_json(document)
    else:
        for field, each in document.items():
            print_line(f"{field}: {each}")
    return ExitCode.OK
