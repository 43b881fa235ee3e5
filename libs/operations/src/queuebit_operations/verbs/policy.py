"""`queuebit policy`: who answers which question, as data: look at it, check it, try it on what happened, let it decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

HELP = (
    "Policies: typed tables that say who answers, who is measured and what is forbidden. They are published, activated and"
    " rolled back as events in PostgreSQL; every job says by which version it was planned. `lint` needs nothing, the other"
    " verbs PostgreSQL, and no service."
)
_File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy as YAML or JSON.")]
_Version = Annotated[str, typer.Argument(metavar="VERSION", help="Such as frugal/3, as `list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add `policy` with its verbs to `app`."""
    from queuebit_operations.verbs import policy_apply, policy_tried

    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("lint")(lint)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("facts")(facts)
    group.command("publish")(publish)
    group.command("activate")(activate)
    group.command("rollback")(rollback)
    policy_apply.add(group)
    policy_tried.add(group)
    app.add_typer(group, name="policy")


def lint(
    file: _File,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count too.")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Print notes too: what is often meant so.")] = False,
    as_json: o.Json = False,
) -> int:
    """Check a policy: names, types and units, rows that never decide, numbers that fall between two rows, rows that overlap.

    Needs no server. Exit 0: it can be published. 1: it has errors, or with --strict warnings. 2: the file is no policy.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import note, print_json, print_line
        from queuebit_domain.policy.lint import counted
        from queuebit_domain.policy.lint import lint as look
        from queuebit_operations.policies.files import read_document

        found = look(read_document(file))
        counts = counted(found)
        bad = counts["error"] + (counts["warning"] if strict else 0)
        if as_json:
            print_json({"findings": [each._asdict() for each in found], "counts": counts, "usable": not bad})
        else:
            for each in found:
                if each.level != "note" or notes:
                    print_line(f"{each.level}: {each.at}: {each.detail} ({each.code})")
                    print_line(f"    {each.remedy}")
            note(", ".join(f"{count} {level}{'' if count == 1 else 's'}" for level, count in counts.items()) + ".")
        return ExitCode.JOB_NOT_ACCEPTED if bad else ExitCode.OK

    return run(work())


def list_(as_json: o.Json = False) -> int:
    """Every version that was published, who did it and why, and which one jobs are planned by."""
    from queuebit_operations.running import run

    return run(_list(as_json=as_json))


def show(
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Absent, the active one.")] = None,
    as_json: o.Json = False,
) -> int:
    """Print a policy as YAML, to read it or to begin another from it. Without a VERSION, the one that is active."""
    from queuebit_operations.running import run

    return run(_show(version, as_json=as_json))


def facts(as_json: o.Json = False) -> int:
    """What a policy may ask about a job: each fact with its type, unit and meaning. Needs no server."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, show_table
        from queuebit_domain.policy.facts import FACTS

        if as_json:
            print_json({"facts": [spec._asdict() for spec in FACTS.values()]})
        else:
            rows = [
                [spec.name, spec.type, spec.unit, "" if not spec.optional else "may be unknown",
                 spec.meaning + (f" One of: {', '.join(spec.values)}." if spec.values else "")]
                for spec in FACTS.values()
            ]  # fmt: skip
            show_table("", ["fact", "type", "unit", "", "meaning"], rows)
        return ExitCode.OK

    return run(work())


def publish(file: _File, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Keep a policy for ever under the next number of its name. It decides nothing before it is activated.

    What is as the newest version of that name is already is not published twice. Exit 1: lint finds errors.
    """
    from queuebit_operations.running import run

    return run(_publish(file, reason, a.actor_or_user(actor), as_json=as_json))


def activate(version: _Version, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Let jobs be planned by a version from now on, everywhere within a second. Jobs that are planned keep their plan.

    `routing/2` is the policy of the release. See `diff` for what it would change before you do. Exit 3: there is none.
    """
    from queuebit_operations.running import run

    return run(_activate(version, reason, a.actor_or_user(actor), as_json=as_json))


def rollback(reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Go back to the version that was active before. Exit 6: nothing was."""
    from queuebit_operations.running import run

    return run(_rollback(reason, a.actor_or_user(actor), as_json=as_json))


async def _list(*, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, show_table
    from queuebit_domain.policy.default import DEFAULT_VERSION
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.policies.register import PolicyRegister

    async with opened_store(os.environ) as store:
        known = await PolicyRegister(store, await store_time(store)).policies()
    last = known.history[-1] if known.history else None
    rows = [
        {
            "version": each.version,
            "published_at": each.at.isoformat(),
            "actor": each.actor,
            "reason": each.reason,
            "digest": each.digest,
        }
        for each in known.published.values()
    ]
    if as_json:
        since = last.at.isoformat() if last else None
        print_json({"active": known.active, "active_since": since, "before": list(known.trail[:-1]), "published": rows})
        return ExitCode.OK
    cells = [
        ["*" if known.active == DEFAULT_VERSION else "", DEFAULT_VERSION, "", "", "The policy of the release.", ""]
    ]
    cells += [
        ["*" if each["version"] == known.active else "", each["version"], each["published_at"][:19], each["actor"],
         each["reason"], each["digest"][:12]]
        for each in rows
    ]  # fmt: skip
    show_table("", ["active", "version", "published", "by", "reason", "digest"], cells)
    note(
        f"Jobs are planned by {known.active}"
        + (f" since {last.at.isoformat(timespec='seconds')}, by {last.actor}: {last.reason}" if last else ".")
    )
    return ExitCode.OK


async def _show(version: str | None, *, as_json: bool) -> ExitCode:
    import os

    import yaml

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_domain.policy.default import DEFAULT_DOCUMENT, DEFAULT_VERSION
    from queuebit_domain.policy.register import plain
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import NotThere
    from queuebit_operations.policies.register import PolicyRegister

    if version == DEFAULT_VERSION:
        document = plain(DEFAULT_DOCUMENT)
    else:
        async with opened_store(os.environ) as store:
            known = await PolicyRegister(store, await store_time(store)).policies()
        wanted = version or known.active
        if not known.exists(wanted):
            raise NotThere(f"There is no policy {wanted}.", remedy="See: queuebit policy list")
        document = plain(DEFAULT_DOCUMENT) if wanted == DEFAULT_VERSION else dict(known.published[wanted].document)
    if as_json:
        print_json(document)
    else:
        print_line(yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True).rstrip())
    return ExitCode.OK


async def _publish(file: Path, reason: str, actor: str, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_domain.policy.lint import counted, lint
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.policies.files import read_document
    from queuebit_operations.policies.register import PolicyRegister

    document = read_document(file)
    found = lint(document)
    for each in found:
        if each.level != "note":
            note(f"{each.level}: {each.at}: {each.detail} ({each.code}). {each.remedy}")
    if counted(found)["error"]:
        return ExitCode.JOB_NOT_ACCEPTED
    async with opened_store(os.environ) as store:
        register = PolicyRegister(store, await store_time(store))
        version, new = await register.publish(document, actor=actor, reason=reason)
    if as_json:
        print_json({"version": version, "new": new})
    else:
        print_line(f"{version} is published." if new else f"{version} says the same already.")
    return ExitCode.OK


async def _activate(version: str, reason: str, actor: str, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.policies.register import PolicyRegister

    async with opened_store(os.environ) as store:
        register = PolicyRegister(store, await store_time(store))
        changed = await register.activate(version, actor=actor, reason=reason)
    if as_json:
        print_json({"active": version, "changed": changed})
    else:
        print_line(f"Jobs are planned by {version}{' from now on' if changed else ' already'}.")
    return ExitCode.OK


async def _rollback(reason: str, actor: str, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.policies.register import PolicyRegister

    async with opened_store(os.environ) as store:
        active, before = await PolicyRegister(store, await store_time(store)).roll_back(actor=actor, reason=reason)
    if as_json:
        print_json({"active": active, "before": before})
    else:
        print_line(f"Jobs are planned by {active} again, not by {before}.")
    return ExitCode.OK
