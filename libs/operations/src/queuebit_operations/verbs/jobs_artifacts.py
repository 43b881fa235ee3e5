"""`queuebit ops jobs artifacts`: what is kept of a job outside of its events, listed and fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.evidence.kept import Kept


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("jobs").command("artifacts")(artifacts)


def artifacts(
    job: o.Job,
    fetch: Annotated[
        str | None, typer.Option("--fetch", metavar="NAME", help="Write this one, by its name or its hash.")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where to; - for standard output.")] = "-",
    as_json: o.Json = False,
) -> int:
    """List what is kept of a job: circuits as they were asked for and as they ran, results, and every word of the provider.

    Each is checked against its hash when it is read. It holds what customers asked and got. Kept are attempts that are paid
    for, jobs that say artifacts=true, and all where the quantum adapter is set so. Exit 3: nothing is kept of the job, or there
    is no such artifact.
    """
    from queuebit_operations.running import run

    return run(_artifacts(job, fetch, out, as_json=as_json))


async def _artifacts(job: UUID, fetch: str | None, out: str, *, as_json: bool) -> ExitCode:
    import asyncio
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note
    from queuebit_operations.connections.artifacts import opened_artifacts
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import NotThere
    from queuebit_operations.evidence.kept import chosen, kept_of, references

    store_of_bytes = opened_artifacts(os.environ)
    async with opened_store(os.environ) as store:
        stored = (await store.load([job])).get(job)
    if not stored:
        raise NotThere(f"There is no job {job}.", remedy="Check the id and QUEUEBIT_NAMESPACE.")
    kept = await asyncio.to_thread(kept_of, stored, store_of_bytes)
    if not kept:
        raise NotThere(f"Nothing is kept of the job {job}.", remedy="Submit it with --param artifacts=true.")
    if fetch is None:
        _tell(kept, as_json=as_json)
        if gone := len(list(references(stored))) - len(kept):
            note(f"What was kept of {gone} more attempts is there no more: its time is over.")
        return ExitCode.OK
    item = chosen(kept, fetch)
    assert item.sha256 is not None
    _write(await asyncio.to_thread(store_of_bytes.get, item.sha256), out)
    return ExitCode.OK


def _write(data: bytes, out: str) -> None:
    from queuebit_client.cli.output import note
    from queuebit_operations.transfer.opening import written

    with written(out, pack=False) as file:
        file.write(data)
    if out != "-":
        note(f"{len(data)} bytes are written to {out}.")


def _tell(kept: list[Kept], *, as_json: bool) -> None:
    from queuebit_client.cli.output import print_json, print_line

    if as_json:
        print_json({"attempts": [_document(each) for each in kept]})
        return
    for each in kept:
        print_line(f"{each.leg} {each.attempt_id}, version {each.version}: {each.reference.sha256}")
        for item in each.manifest.items:
            status = item.about.get("status", "")
            where = item.sha256 if item.kept else "not kept" if item.sha256 else "no answer"
            print_line(f"    {where:<64}  {item.bytes:>9}  {item.name} {status}".rstrip())


def _document(each: Kept) -> dict[str, Any]:
    return {
        "attempt_id": str(each.attempt_id),
        "leg": each.leg,
        "version": each.version,
        "manifest": each.reference.model_dump(),
        "of": dict(each.manifest.of),
        "items": [
            {
                "name": item.name,
                "sha256": item.sha256,
                "bytes": item.bytes,
                "kept": item.kept,
                **item.about,
            }
            for item in each.manifest.items
        ],
    }
