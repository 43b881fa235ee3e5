"""`queuebit erase`: the data of a subject made unreadable for good, and looked for everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o
from queuebit_operations.verbs.projections_acting import Apply, acting, would

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.erasing.erase import Erased

_Logs = Annotated[
    list[Path] | None,
    typer.Option("--logs", help="A folder of logs to look through; repeatable.", exists=True, file_okay=False),
]


def register(app: typer.Typer) -> None:
    """Add `erase` to `app`."""
    app.command("erase")(erase)


def erase(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="What the label data_subject of its jobs says.")],
    tenant: Annotated[str, typer.Option("--tenant", help="Whose subject it is.", metavar="TENANT")],
    logs: _Logs = None,
    apply: Apply = False,
    reason: b.Reason = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Destroy the keys of a subject, and prove it: what its jobs asked and were answered is looked for in the store, on all
    topics with their dead letters, in artifacts and logs. Exit 1: something of it was found.

    It needs QUEUEBIT_MASTER_KEY_FILE to know what to look for. Jobs of the subject that still run end as redacted. Backups hold
    the wrapped key as long as they are kept: data is erased for good when the last of them is gone.
    """
    from queuebit_operations.running import run

    return run(_erase(subject, tenant, logs or [], apply=apply, reason=reason, actor=actor, as_json=as_json))


async def _erase(
    subject: str,
    tenant: str,
    logs: list[Path],
    *,
    apply: bool,
    reason: str | None,
    actor: str | None,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_contracts.ids import uuid7
    from queuebit_operations.connections.store import opened_keys
    from queuebit_operations.erasing.erase import Place, erased, found_of
    from queuebit_store.audit.port import Deed

    b.need_reason(apply=apply, reason=reason)
    place = Place(os.environ, tenant, subject, tuple(logs))
    async with opened_keys(os.environ) as store:
        found = await found_of(store, place)
        if not apply:
            live = sum(key.wrapped is not None for key in found.keys)
            return would(
                f"It would destroy {live} of {len(found.keys)} keys of {subject}; {len(found.jobs)} jobs lose their data.",
                "erasure",
                as_json=as_json,
            )
        details = {"tenant": tenant, "subject": subject, "jobs": len(found.jobs)}
        async with acting(store, "erase", details, reason, actor) as (deed, _):
            now, random = await store.now(), int.from_bytes(os.urandom(9))
            told = uuid7(int(now.timestamp() * 1000), random)
            await store.note_deed(
                Deed(told, tenant, now, a.actor_or_user(actor), "subject.erase", subject, reason or "")
            )
            done = await erased(store, place, found)
            deed.outcome = done.words
    return _tell(done, as_json=as_json)


def _tell(done: Erased, *, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.exit_codes import FOUND

    proof = done.proof
    if as_json:
        print_json(done.document)
    else:
        for each in proof.looked:
            print_line(f"{each.place}: {each.items} looked at, {each.found} found")
        for place in proof.in_clear:
            print_line(f"in clear: {place}")
        print_line(done.words)
    for left_out in proof.not_looked:
        note(f"Not looked at: {left_out}")
    return ExitCode.OK if proof.clean else FOUND
