"""`queuebit audit`: whether the log is what it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

HELP = (
    "Whether the log is what it was: hashes over all events, signed, in a file that you keep where the database cannot reach."
    " It needs PostgreSQL and no service."
)
Record = Annotated[Path, typer.Option("--record", metavar="FILE", help="The file with tiles and checkpoints.")]
Public = Annotated[str | None, typer.Option("--public", help="The key to check signatures with, as `key` printed it.")]


def register(app: typer.Typer) -> None:
    """Add `audit` with its verbs to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    for name, verb in (
        ("key", key),
        ("checkpoint", checkpoint),
        ("verify", verify),
        ("export", export),
        ("check", check),
    ):
        group.command(name)(verb)
    app.add_typer(group, name="audit")


def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the key is kept; not with the record.")],
) -> int:
    """Make the key that signs checkpoints, and print its public part."""
    from queuebit_operations.running import run

    return run(_key(file))


def checkpoint(
    record: Record,
    key_file: Annotated[Path, typer.Option("--key", metavar="FILE", help="The key that signs, as `key` made it.")],
    as_json: o.Json = False,
) -> int:
    """Hash what has happened since the last checkpoint, and sign a new one. It reads only: say it as often as you like.

    What is changed in the database after its checkpoint is found; what is changed before is not. Exit 6 where the end of what
    was recorded is not as it was.
    """
    from queuebit_operations.running import run

    return run(_checkpoint(record, key_file, as_json=as_json))


def verify(record: Record, public: Public = None, as_json: o.Json = False) -> int:
    """Hash the whole log anew, and compare with the record. Exit 0: it is what it was. 1: something differs, and about where.

    Stretches with events of archived months are taken by their hash; the files of archives have checksums of their own, which
    `queuebit ops verify` compares.
    """
    from queuebit_operations.running import run

    return run(_verify(record, public, as_json=as_json))


def export(
    job: Annotated[UUID, typer.Argument(metavar="JOB", help="The job.")],
    record: Record,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where the proof goes.")],
) -> int:
    """Write the events of a job with what proves that they are in the log, for whoever has no database."""
    from queuebit_operations.running import run

    return run(_export(job, record, to))


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A proof, as `export` wrote it.")], public: Public = None
) -> int:
    """Check a proof by itself, with nothing but the public key. Exit 0: it holds. 1: it does not."""
    from queuebit_operations.running import run

    return run(_check(file, public))


async def _key(file: Path) -> ExitCode:
    import secrets

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_line
    from queuebit_operations.audit.record import make_key

    public = make_key(file, secrets.token_bytes(32))
    note(f"The key is in {file}. What checks its signatures:")
    print_line(public)
    return ExitCode.OK


async def _checkpoint(record: Path, key_file: Path, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.audit.keeping import extended
    from queuebit_operations.audit.record import append_record, document_of, private_key, read_record
    from queuebit_operations.audit.running import opened
    from queuebit_runtime.clock import SystemClock

    known, signing = read_record(record, may_be_new=True), private_key(key_file)
    async with opened(os.environ) as audited:
        lines = await extended(
            audited.log, audited.categories, known, origin=audited.origin, now=SystemClock().now(), key=signing
        )
    append_record(record, lines)
    if not lines:
        note("Nothing has happened since the last checkpoint.")
        return ExitCode.OK
    if as_json:
        print_json(document_of(lines[-1]))
    else:
        said = document_of(lines[-1])
        print_line(f"{said['size']} events: {said['root']}")
    return ExitCode.OK


async def _verify(record: Path, public: str | None, *, as_json: bool) -> ExitCode:
    import os
    from dataclasses import asdict

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.audit.checking import verify as verify_all
    from queuebit_operations.audit.record import public_key, read_record
    from queuebit_operations.audit.running import opened
    from queuebit_operations.exit_codes import FOUND

    known, checking = read_record(record), None if public is None else public_key(public)
    async with opened(os.environ) as audited:
        found = await verify_all(audited.log, audited.categories, known, archived=audited.archived, public=checking)
    if as_json:
        print_json(asdict(found))
    else:
        for each in found.findings:
            print_line(f"events {each.first} to {each.last}: {each.detail}")
        holds = "Something differs" if found.findings else "The log is what it was"
        print_line(f"{holds}: {found.events} events, {found.checkpoints} checkpoints; {found.beyond} came after them.")
    if found.archived:
        note(f"{found.archived} stretches have events of archived months and were taken by their hash.")
    if not found.signed:
        note("Signatures were not checked: give --public.")
    return FOUND if found.findings else ExitCode.OK


async def _export(job: UUID, record: Path, to: Path) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note
    from queuebit_operations.audit.proofs import prove, write_proof
    from queuebit_operations.audit.record import read_record
    from queuebit_operations.audit.running import opened

    known = read_record(record)
    async with opened(os.environ) as audited:
        proof = await prove(audited.log, audited.categories, known, job)
    write_proof(to, proof)
    note(f"{len(proof.events)} events of {job}, under the checkpoint of {proof.checkpoint.at.isoformat()}.")
    return ExitCode.OK


async def _check(file: Path, public: str | None) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_line
    from queuebit_operations.audit.proofs import read_proof, wrong_with
    from queuebit_operations.audit.record import public_key
    from queuebit_operations.exit_codes import FOUND

    proof = read_proof(file)
    wrong = wrong_with(proof, None if public is None else public_key(public))
    for each in wrong:
        print_line(each)
    if not wrong:
        print_line(f"It holds: {len(proof.events)} events of {proof.job_id}, of {proof.checkpoint.size} in the log.")
    if public is None:
        note("The signature was not checked: give --public.")
    return FOUND if wrong else ExitCode.OK
