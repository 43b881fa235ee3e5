"""`queuebit ops dlq edit`: a dead letter is sent again with another value or other headers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.dead_letters.box import Kept
    from queuebit_operations.dead_letters.editing import Copy


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
    edits a record sees it. What waits behind it stays until it is redriven. Who edited what and why is an event in the store:
    `queuebit ops operations show` tells it.
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
    from queuebit_operations.dead_letters.reading import place_named

    place_named(name)
    key_id = await d.key_that_sees()
    async with d.opened_reader() as reader:
        kept, box = await reader.one(name)
    copy = edited(kept, box, value, said)
    waiting = [each.id for each in box if each.open and each.sequence == kept.sequence and each.id != kept.id]
    document: dict[str, Any] = {
        "dry_run": dry_run,
        "letter": kept.id,
        "edited_from": str(kept.letter.origin),
        "event_id": copy.headers["ce_id"].decode(),
        "sent_to": None,
        "waiting": waiting,
    }
    if not dry_run:
        document |= await _sent(kept, copy, document, f"{actor} (key {key_id})", reason)
    if as_json:
        print_json(document)
    else:
        for field, each in document.items():
            print_line(f"{field}: {each}")
    return ExitCode.OK


async def _sent(kept: Kept, copy: Copy, said: dict[str, Any], actor: str, reason: str) -> dict[str, Any]:
    """Record it, send the copy, mark the letter: where the copy lies, and the operation that says who and why."""
    from queuebit_operations.dead_letters.acting import EDIT
    from queuebit_runtime.bus.dead_letters.marks import Mark

    origin = kept.letter.origin
    about = {
        "letter": kept.id,
        "edited_from": said["edited_from"],
        "original_event_id": kept.letter.named("ce_id"),
        "event_id": said["event_id"],
        "job": kept.letter.named("ce_subject"),
        "tenant": kept.letter.named("ce_tenant"),
        "changed": ", ".join(copy.changed),
    }
    async with d.recorded_deed(EDIT, about, actor, reason) as (deed, clock), d.a_sender() as sender:
        redrive = deed.operation_id.hex
        offset = await sender.send(kept, redrive, value=copy.value, headers=copy.headers)
        mark = Mark("edited", actor, reason, clock.now(), origin, kept.letter.key or b"", offset, redrive=redrive)
        await sender.mark(mark, kept.letter.group)
        sent_to = f"{origin.topic}/{origin.partition}@{offset}"
        deed.outcome = f"The copy lies at {sent_to}."
    return {"sent_to": sent_to, "operation": str(deed.operation_id)}
