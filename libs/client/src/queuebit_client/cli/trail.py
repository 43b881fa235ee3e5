"""The commands about what is accounted for."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_client.audit import AuditEntry, audit, reveal
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, show_table
from queuebit_client.cli.session import Target

PAGE = 200


def trail(target: Target, limit: int, actions: Sequence[str], *, as_json: bool) -> ExitCode:
    """The latest deeds, a line each."""
    found: list[AuditEntry] = []
    with target.client() as client:
        cursor: str | None = None
        while len(found) < limit:
            page = client.read(audit(actions=actions, limit=min(PAGE, limit - len(found)), cursor=cursor))
            found += page.data
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"entries": [each.model_dump(mode="json") for each in found]})
        return ExitCode.OK
    rows = [[each.at, each.actor, each.action, each.about, each.reason] for each in found]
    show_table("", ["at", "who", "did", "with", "why"], rows)
    note(f"{len(rows)} entries.")
    return ExitCode.OK


def revealed(target: Target, job_id: str, reason: str) -> ExitCode:
    """The job with what is sealed of it opened, as JSON."""
    with target.client() as client:
        print_json(client.send(reveal(job_id, reason)).model_dump(mode="json"))
    return ExitCode.OK
