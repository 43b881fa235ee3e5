"""`queuebit ops dlq accept`: a group that pauses because many jobs fail alike sets them aside after all."""

from __future__ import annotations

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
    ops.group("dlq").command("accept")(accept)


def accept(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The consumer group that pauses.")],
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="What /ready and the log name.")],
    reason: a.Reason,
    actor: a.Actor = None,
    apply: d.Apply = False,
    as_json: o.Json = False,
) -> int:
    """Say that records that fail so are what is wrong, and no outage: the group sets them aside and goes on.

    It counts for good, also for records to come. Who accepted what and why is an event in the store: `queuebit ops operations
    show` tells it.
    """
    from queuebit_operations.running import run

    return run(_accept(group, fingerprint, reason, a.actor_or_user(actor), dry_run=not apply, as_json=as_json))


async def _accept(group: str, fingerprint: str, reason: str, actor: str, *, dry_run: bool, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.dead_letters.acting import ACCEPT
    from queuebit_operations.dead_letters.reading import checked_groups
    from queuebit_runtime.bus.dead_letters.marks import Mark

    checked_groups([group])
    document: dict[str, object] = {"dry_run": dry_run, "group": group, "fingerprint": fingerprint}
    if not dry_run:
        about = {"group": group, "fingerprint": fingerprint}
        async with d.recorded_deed(ACCEPT, about, actor, reason) as (deed, clock), d.a_sender() as sender:
            mark = Mark("accepted", actor, reason, clock.now(), fingerprint=fingerprint, redrive=deed.operation_id.hex)
            await sender.mark(mark, group)
            deed.outcome = f"{group} sets aside what fails as {fingerprint}."
        document["operation"] = str(deed.operation_id)
    if as_json:
        print_json(document)
    else:
        print_line(f"{group} {'would set' if dry_run else 'sets'} aside what fails as {fingerprint}.")
    return ExitCode.OK
