"""`queuebit policy apply`: the policies of a folder, as a pipeline publishes and activates them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.policies.folder import Folder, Plan
    from queuebit_operations.policies.register import PolicyRegister


def add(group: typer.Typer) -> None:
    """Add the verb."""
    group.command("apply")(apply)


def apply(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of policies as YAML or JSON.")],
    reason: a.Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count too.")] = False,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Publish what is new in a folder of policies, and let the one decide that its file ACTIVE names.

    ACTIVE holds a name, for its newest version, or a version such as routing/2; without the file nothing is activated. What is
    published already is left alone, so it may be applied again. Exit 0: done, or nothing to do. 1: a policy has errors, or with
    --strict warnings, and nothing is changed; or with --dry-run something would be. 2: a file is no policy, or no --reason.
    """
    from queuebit_operations.running import run

    return run(_apply(folder, reason, a.actor_or_user(actor), dry_run=dry_run, strict=strict, as_json=as_json))


async def _apply(path: Path, reason: str, actor: str, *, dry_run: bool, strict: bool, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.policies.folder import faults, forbids, plan, read_folder
    from queuebit_operations.policies.register import PolicyRegister

    folder = read_folder(path)
    wrong = faults(folder)
    for file, findings in wrong.items():
        for each in findings:
            note(f"{file}: {each.level}: {each.at}: {each.detail} ({each.code}). {each.remedy}")
    if forbids(wrong, strict=strict):
        return ExitCode.JOB_NOT_ACCEPTED
    if not dry_run and not reason:
        raise BadArgument("Why?", remedy="Say it with --reason, or look first with --dry-run.")
    async with opened_store(os.environ) as store:
        register = PolicyRegister(store, await store_time(store))
        found = plan(folder, await register.policies())
        if not dry_run:
            await _do(register, folder, found, actor, reason)
    _show(found, done=not dry_run, as_json=as_json)
    return ExitCode.JOB_NOT_ACCEPTED if dry_run and found.changes else ExitCode.OK


async def _do(register: PolicyRegister, folder: Folder, found: Plan, actor: str, reason: str) -> None:
    for each in found.steps:
        if each.new:
            await register.publish(folder.documents[each.file], actor=actor, reason=reason)
    if found.activates is not None:
        await register.activate(found.activates, actor=actor, reason=reason)


def _show(found: Plan, *, done: bool, as_json: bool) -> None:
    from queuebit_client.cli.output import print_json, print_line

    if as_json:
        steps = [{"file": each.file, "version": each.version, "new": each.new} for each in found.steps]
        print_json({"policies": steps, "active": found.active, "activates": found.activates, "applied": done})
        return
    for each in found.steps:
        said = ("is published" if done else "would be published") if each.new else "says the same already"
        print_line(f"{each.file}: {each.version} {said}.")
    if found.activates is not None:
        print_line(f"Jobs {'are' if done else 'would be'} planned by {found.activates}, in place of {found.active}.")
    else:
        print_line(f"Jobs are planned by {found.active}, as before.")
