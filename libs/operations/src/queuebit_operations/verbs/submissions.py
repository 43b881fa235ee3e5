"""`queuebit submissions`: what was handed in at providers that charge for it, and what is known of its fate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from datetime import datetime

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_store.attempts.port import KeptAttempt
    from queuebit_store.evidence.port import Piece
    from queuebit_store.gates.port import Account, Gate
    from queuebit_store.submissions.port import Note, Submission

HELP = (
    "What was handed in at providers that charge for it: where it stands, its history, and a look at once. It needs"
    " PostgreSQL and no service; the quantum adapter does the looking."
)
STATES = ("intended", "submitting", "unknown", "following", "succeeded", "concluded", "failed", "cancelled")
LIMIT_MAX = 10_000

_Key = Annotated[UUID, typer.Argument(metavar="KEY", help="The key of a submission, as `list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add `submissions` with its verbs to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("reconcile")(reconcile)
    app.add_typer(group, name="submissions")


def list_(
    state: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(STATES)}; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="So many at most, the youngest first.")] = 50,
    as_json: o.Json = False,
) -> int:
    """List submissions, the youngest first.

    `unknown` are those whose answer was lost and that are being looked up: they were taken, or not, and are never sent again
    before that is known. Without `--state` the attempts that wait follow, then the backends that did not answer when they were
    last asked, and who holds the places of each account.
    """
    unknown = [each for each in state or () if each not in STATES]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is not one of {', '.join(STATES)}.", param_hint="--state")
    from queuebit_operations.running import run

    return run(_list(state or [], limit, as_json=as_json))


def show(key: _Key, as_json: o.Json = False) -> int:
    """Show one submission: who did what and when, and every request and answer of its provider, by its hash.

    `queuebit ops jobs artifacts` fetches them. Exit 3: there is none with this key.
    """
    from queuebit_operations.running import run

    return run(_show(key, as_json=as_json))


def reconcile(
    key: Annotated[
        UUID | None, typer.Argument(metavar="KEY", help="One submission; all that are unknown otherwise.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Have it looked up now instead of when it is due.

    The quantum adapter closes its fence, where the provider has fences, and searches for it by its key. What is there is
    followed, and what is there twice is cancelled; only what is proved to be absent is sent again. Exit 3: there is none with
    this key. 6: it has ended, and nothing is left to look up.
    """
    from queuebit_operations.running import run

    return run(_reconcile(key, as_json=as_json))


async def _list(states: list[str], limit: int, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.store import opened_submissions
    from queuebit_store.submissions.port import SubmissionState

    async with opened_submissions(os.environ) as store:
        rows = await store.list_submissions([SubmissionState(state) for state in states], limit=limit)
        waiting = [] if states else await store.list_attempts(limit=limit)
        gates, accounts = ([], []) if states else (await store.list_gates(), await store.list_accounts())
    if as_json:
        beside = {
            "attempts": [_of_attempt(each) for each in waiting],
            "backends": [_of_gate(each) for each in gates],
            "accounts": [_of_account(each) for each in accounts],
        }
        print_json({"submissions": [_document(row) for row in rows], **({} if states else beside)})
        return ExitCode.OK
    for row in rows:
        told = row.provider_id or "-"
        began = row.created_at.isoformat(timespec="seconds")
        print_line(
            f"{row.key}  {row.state.value:<10}  {row.backend:<20}  {told:<24}  {began}  {row.detail[:60]}".rstrip()
        )
    for each in waiting:
        awaits, signs = each.awaits or "nothing", each.signs
        print_line(f"attempt {each.attempt_id}  {each.backend:<20}  waits for {awaits}, {signs} signs of life")
    for gate in gates:
        until = "" if gate.open_until is None else f", not asked before {gate.open_until.isoformat(timespec='seconds')}"
        print_line(f"backend {gate.backend:<20}  {gate.failures} without an answer{until}")
    for account in accounts:
        until = (
            ""
            if account.closed_until is None
            else f", closed until {account.closed_until.isoformat(timespec='seconds')}"
        )
        print_line(f"account {account.account:<20}  {len(account.holders)} places held{until}")
    return ExitCode.OK


async def _show(key: UUID, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.store import opened_submissions

    async with opened_submissions(os.environ) as store:
        row, notes = await store.submission(key), await store.submission_notes(key)
        attempt = None if row is None else await store.attempt(row.attempt_id)
        gate = None if row is None else await store.gate(row.backend)
        seen = await store.evidence(key)
    if row is None:
        raise _not_there(key)
    document = _document(row)
    if as_json:
        told = {"history": [_line(each) for each in notes], "evidence": [_seen(each) for each in seen]}
        beside = {
            "attempt": None if attempt is None else _of_attempt(attempt),
            "gate": _of_gate(gate) if gate else None,
        }
        print_json({**document, **beside, **told})
        return ExitCode.OK
    for name, value in document.items():
        if value not in (None, ""):
            print_line(f"{name:<14} {value}")
    if attempt is not None:
        waits = (
            "has ended" if attempt.ended else f"waits for {attempt.awaits or 'nothing'}, {attempt.signs} signs of life"
        )
        print_line(f"{'its attempt':<14} {waits}")
    if gate is not None and gate.failures:
        print_line(f"{'its backend':<14} {gate.failures} without an answer")
    for each in notes:
        at, owner = each.at.isoformat(timespec="milliseconds"), each.owner or "-"
        print_line(f"{at}  {each.state.value:<10}  {owner:<24}  {each.text}")
    for piece in seen:
        at, what = piece.at.isoformat(timespec="milliseconds"), piece.seen
        where = what.sha256 if what.kept else f"{what.sha256 or 'no answer'} (not kept)"
        print_line(f"{at}  {where}  {what.bytes:>9}  {what.name} {what.status or ''}".rstrip())
    return ExitCode.OK


async def _reconcile(key: UUID | None, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.store import opened_submissions
    from queuebit_operations.errors import InConflict
    from queuebit_store.submissions.port import SubmissionState

    async with opened_submissions(os.environ) as store:
        if key is None:
            found = [row.key for row in await store.list_submissions([SubmissionState.UNKNOWN], limit=LIMIT_MAX)]
        elif await store.submission(key) is None:
            raise _not_there(key)
        else:
            found = [key]
        hurried = [each for each in found if await store.hurry_submission(each)]
    if key is not None and not hurried:
        raise InConflict(f"The submission {key} has ended.", remedy="Look at it with `queuebit submissions show`.")
    if as_json:
        print_json({"hurried": [str(each) for each in hurried]})
    else:
        print_line(f"{len(hurried)} will be looked up now.")
    return ExitCode.OK


def _not_there(key: UUID) -> Exception:
    from queuebit_operations.errors import NotThere

    remedy = "Check the key and QUEUEBIT_NAMESPACE; `queuebit submissions list` shows what there is."
    return NotThere(f"There is no submission {key}.", remedy=remedy)


def _document(row: Submission) -> dict[str, Any]:
    moments = {
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "sent_at": row.sent_at,
        "unknown_since": row.unknown_since,
        "due_at": row.due_at,
    }
    return {
        "key": str(row.key),
        "state": row.state.value,
        "backend": row.backend,
        "attempt_id": str(row.attempt_id),
        "round": row.round,
        "provider_id": row.provider_id,
        "fence": row.fence,
        "owner": row.owner,
        "epoch": row.epoch,
        "misses": row.misses,
        "cancel_wanted": row.cancel_wanted,
        "cancel_too_late": row.cancel_too_late,
        "request_hash": row.request_hash,
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
        "code": row.code,
        "detail": row.detail,
        "lineage": None if row.lineage is None else str(row.lineage),
        "queue_position": row.queue_position,
        "wait_s": row.wait_s,
        "action": row.action,
        "reason": row.reason,
        "remedy": row.remedy,
        "regions": None if row.regions is None else ",".join(row.regions),
    }


def _of_attempt(row: KeptAttempt) -> dict[str, Any]:
    return {
        "attempt_id": str(row.attempt_id),
        "lineage": str(row.lineage),
        "number": row.number,
        "backend": row.backend,
        "awaits": None if row.awaits is None else str(row.awaits),
        "signs": row.signs,
        "stop_wanted": row.stop_wanted,
        "owner": row.owner,
        "created_at": row.created_at.isoformat(),
        "due_at": _moment(row.due_at),
    }


def _of_gate(gate: Gate) -> dict[str, Any]:
    return {"backend": gate.backend, "failures": gate.failures, "open_until": _moment(gate.open_until)}


def _of_account(account: Account) -> dict[str, Any]:
    holders = [str(holder) for holder in account.holders]
    return {"account": account.account, "holders": holders, "closed_until": _moment(account.closed_until)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _seen(piece: Piece) -> dict[str, Any]:
    what = piece.seen
    told = {"name": what.name, "sha256": what.sha256, "bytes": what.bytes, "status": what.status, "kept": what.kept}
    return {"at": piece.at.isoformat(), "epoch": piece.epoch, **told}


def _line(note: Note) -> dict[str, Any]:
    return {
        "at": note.at.isoformat(),
        "state": note.state.value,
        "epoch": note.epoch,
        "owner": note.owner,
        "text": note.text,
    }
