"""`queuebit policy diff` and `explain`: a policy over what was decided, and one decision in full, also with other facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_contracts.events import JobPlanned
    from queuebit_domain.policy.register import Policies
    from queuebit_domain.policy.tables import Policy


def add(group: typer.Typer) -> None:
    """Add the verbs."""
    group.command("diff")(diff)
    group.command("explain")(explain)


def diff(
    new: Annotated[str, typer.Argument(metavar="NEW", help="A version such as frugal/3, or a file.")],
    old: Annotated[
        str | None, typer.Option("--old", metavar="OLD", help="A version or a file; absent, what was decided then.")
    ] = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    tenant: o.Tenants = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many decisions.")] = None,
    as_json: o.Json = False,
) -> int:
    """Plan every recorded job once more, by another policy, from the facts that were recorded: how many change, and how.

    Nothing is changed, and nobody is asked what is so today. A fact that was not recorded is told apart, as there the
    comparison cannot know. Exit 0: nothing changes. 1: some plans do. 3: no decision is selected.
    """
    from queuebit_operations.running import run

    return run(_diff(new, old, since, until, tenant, limit, as_json=as_json))


def explain(
    job: o.Job,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FACT=VALUE", help="What if this fact had been so; repeatable. `none`: unknown."),
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="VERSION", help="What if this version or file had decided.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Why a job was planned as it was: every condition with both of its values, as recorded; and what other facts would do.

    Exit 0: told. 1: with --set or --policy, the plan would have been another one. 3: there is no such job.
    """
    from queuebit_operations.running import run

    return run(_explain(job, set_ or [], policy, as_json=as_json))


async def _diff(
    new: str,
    old: str | None,
    since: datetime | None,
    until: datetime | None,
    tenants: list[str] | None,
    limit: int | None,
    *,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_client.cli.output import note, print_json
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import NotThere
    from queuebit_operations.policies.comparing import TYPES, Comparison, Reader, compare
    from queuebit_operations.scan.in_order import EventsInOrder
    from queuebit_operations.scan.port import Selection
    from queuebit_operations.scan.postgres import opened_scan

    known = await _policies()
    after, before = _named(known, new), None if old is None else _named(known, old)
    selected = Selection((), tuple(tenants or ()), TYPES, o.in_utc(since), o.in_utc(until))
    found, reader = Comparison(), Reader()
    async with opened_scan(postgres_settings(os.environ)) as scan:
        until_ = (await scan.marks()).newest
        async for window in EventsInOrder(scan.connection, selected, until_).windows():
            compare(reader.take(window.events), after, before, found)
            if limit is not None and found.decisions >= limit:
                break
            if found.decisions % 100_000 < len(window.events) < found.decisions:
                note(f"{found.decisions} decisions, {found.changed} changed")
    if not found.decisions:
        raise NotThere("No decision is selected.", remedy="Look farther back: --since, or leave out --tenant.")
    if as_json:
        print_json({"new": after.version, "old": before.version if before else None, **found.document()})
    else:
        _print_diff(after.version, before.version if before else "what was decided", found)
    return _found(found.changed > 0)


def _print_diff(after: str, before: str, found: Any) -> None:
    from queuebit_client.cli.output import print_line, show_table

    print_line(f"{found.changed} of {found.decisions} plans change ({found.share:.2%}) from {before} to {after}.")
    moves = [[str(count), one, other] for (one, other), count in found.moves.most_common(30)]
    if moves:
        show_table("Rules", ["jobs", "before", "after"], moves)
    lanes = sorted({*found.lanes_before, *found.lanes_after})
    rows = [[lane, str(found.lanes_before[lane]), str(found.lanes_after[lane])] for lane in lanes]
    show_table("Legs that begin at once", ["lane", "before", "after"], rows)
    for name, count in found.unknown.most_common():
        print_line(f"{name} was not recorded for {count} of them: there it is not known what {after} would do.")
    for each in found.sample:
        print_line(f"{each.job_id}  {each.before} -> {each.after}")


async def _explain(job_id: UUID, changes: list[str], version: str | None, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json
    from queuebit_contracts.events import JobPlanned, JobSubmitted
    from queuebit_domain.job.codec import read_event
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import NotThere
    from queuebit_operations.policies.explaining import parse_changes, what_if

    other_facts = parse_changes(changes)
    async with opened_store(os.environ) as store:
        told = [(read_event(each), each.time) for each in await store.events_of(job_id, limit=10)]
    planned, at = next(((event, at) for event, at in told if isinstance(event, JobPlanned)), (None, None))
    if planned is None or at is None:
        raise NotThere(f"There is no plan of a job {job_id}.", remedy="Check the id and QUEUEBIT_NAMESPACE.")
    known = await _policies()
    policy = _named(known, planned.policy_version)
    if as_json:
        document = _document(planned, policy)
    else:
        _print_plan(planned, policy)
    if not other_facts and version is None:
        if as_json:
            print_json(document)
        return ExitCode.OK
    submitted = next((event for event, _ in told if isinstance(event, JobSubmitted)), None)
    other = what_if(planned, submitted, at, policy if version is None else _named(known, version), other_facts)
    same = [leg.leg for leg in other.legs] == [leg.leg for leg in planned.legs] and other.plan == planned.plan
    if as_json:
        what = {"plan": other.plan, "rule": other.rule, "legs": [leg.leg for leg in other.legs], "same": same}
        print_json({**document, "what_if": {"policy": other.policy_version, "set": other_facts, **what}})
    else:
        _print_what_if(other, [*changes, *([version] if version else [])], same=same)
    return _found(not same)


def _document(planned: JobPlanned, policy: Policy) -> dict[str, Any]:
    from queuebit_operations.policies.explaining import asked_rows, nearest, would_also

    rows = [
        {
            "table": row.table,
            "row": row.row,
            "outcome": row.outcome,
            "conditions": [
                {"condition": each.condition, "value": each.value, "bound": each.bound, "mark": each.mark}
                for each in row.conditions
            ],
        }
        for row in asked_rows(planned, policy)
    ]
    return {
        "plan": planned.plan,
        "rule": planned.rule,
        "policy": planned.policy_version,
        "reasons": list(planned.reasons),
        "legs": [leg.leg for leg in planned.legs],
        "facts": planned.inputs,
        "rows": rows,
        "would_also": would_also(planned, policy),
        "nearly": dict(nearest(planned, policy)),
        "experiments": [each.model_dump() for each in planned.experiments or ()],
        "propensity": planned.propensity,
    }


def _print_plan(planned: JobPlanned, policy: Policy) -> None:
    from queuebit_client.cli.output import print_line
    from queuebit_operations.policies.explaining import asked_rows, nearest, told_of, would_also

    print_line(f"plan        {told_of(planned)}   policy {planned.policy_version}")
    for reason in planned.reasons:
        print_line(f"because     {reason}")
    rows = asked_rows(planned, policy)
    for row in rows:
        if row.outcome != "passed over":
            told = "; ".join(f"{each.condition} [{each.value}]" for each in row.conditions) or "always"
            print_line(f"{row.outcome:<11} {row.table}/{row.row}: {told}")
    for row in rows:
        if row.outcome == "passed over":
            told = "; ".join(f"{e.condition} [{e.value}] {e.mark}" for e in row.conditions if e.mark != "holds")
            print_line(f"passed over {row.table}/{row.row}: {told}")
    for name, condition in nearest(planned, policy):
        print_line(f"nearly      {name}, but for {condition}")
    if behind := would_also(planned, policy):
        print_line(f"would also  {', '.join(behind)}")
    for each in planned.experiments or ():
        print_line(f"experiment  {each.row}: {each.leg}, propensity {each.propensity}")
    facts = ", ".join(f"{name}={value}" for name, value in planned.inputs.items())
    print_line(f"facts       {facts}")


def _print_what_if(other: JobPlanned, changes: list[str], *, same: bool) -> None:
    from queuebit_client.cli.output import print_line
    from queuebit_operations.policies.explaining import told_of

    outcome = "the same plan" if same else told_of(other)
    print_line(f"what if     {', '.join(changes)} -> {outcome}   policy {other.policy_version}")
    for reason in other.reasons:
        print_line(f"because     {reason}")


def _named(known: Policies, name: str) -> Policy:
    """A version, or the policy of a file."""
    from pathlib import Path

    from queuebit_domain.policy.compiling import compiled
    from queuebit_domain.policy.register import policy_of
    from queuebit_operations.errors import NotThere
    from queuebit_operations.policies.files import read_document

    if known.exists(name):
        return policy_of(known, name)
    path: Path = Path(name)
    if path.exists():
        return compiled(read_document(path), name)
    raise NotThere(f"There is no policy and no file {name}.", remedy="See: queuebit policy list")


async def _policies() -> Policies:
    import os

    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.policies.register import PolicyRegister

    async with opened_store(os.environ) as store:
        return await PolicyRegister(store, await store_time(store)).policies()


def _found(changed: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.exit_codes import FOUND

    return FOUND if changed else ExitCode.OK
