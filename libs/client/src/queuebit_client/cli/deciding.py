"""The commands about plans that wait for people."""

from __future__ import annotations

from queuebit_client.approvals import Approval
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, print_line, show_table
from queuebit_client.cli.session import Target
from queuebit_client.errors import Conflict, InvalidRequest
from queuebit_client.synchronous import Queuebit

DIGEST_LENGTH = 64
DIGEST_LENGTH_MIN = 8


def waiting(target: Target, limit: int, *, as_json: bool) -> ExitCode:
    """What waits, a line each."""
    with target.client() as client:
        found = list(client.approvals(limit=limit))
    if as_json:
        print_json({"approvals": [each.model_dump(mode="json") for each in found]})
        return ExitCode.OK
    rows = [
        [each.job_id, each.kind, each.role, "yes" if each.may_decide else "no", each.expires_at or "",
         each.otherwise or "cancelled", each.plan, ", ".join(leg.leg for leg in each.legs),
         f"{len(each.granted_by)} of {each.quorum}", each.digest[:12], each.reason]
        for each in found
    ]  # fmt: skip
    columns = ["job", "kind", "role", "you may", "until", "then", "plan", "legs", "granted", "digest", "reason"]
    show_table("", columns, rows)
    note(f"{len(rows)} wait.")
    return ExitCode.OK


def decide(target: Target, job: str, digest: str | None, reason: str, *, grant: bool, as_json: bool) -> ExitCode:
    """Allow or refuse the plan that the digest names; without one the plan is told, and nothing decided."""
    with target.client() as client:
        named = _named(client, job, digest)
        said = client.grant(job, named, reason=reason) if grant else client.deny(job, named, reason=reason)
    if as_json:
        print_json({**said.model_dump(mode="json"), "granted": grant})
    else:
        print_line(f"You {'allow' if grant else 'refuse'} the plan {said.plan} of {said.job_id}; it is on its way.")
    return ExitCode.OK


def _named(client: Queuebit, job: str, digest: str | None) -> str:
    """The whole digest. Raises InvalidRequest where none is given, and Conflict where it is not that of what waits."""
    if digest is not None and len(digest) == DIGEST_LENGTH:
        return digest
    waits = client.approval(job)
    if digest is None or len(digest) < DIGEST_LENGTH_MIN:
        raise InvalidRequest(
            f"What is decided on is not named. It is {_told(waits)}", remedy=f"Give --digest {waits.digest}"
        )
    if not waits.digest.startswith(digest):
        raise Conflict(f"What waits now is {waits.digest}, not {digest}.", remedy="Look at it again: queuebit waiting")
    return waits.digest


def _told(waits: Approval) -> str:
    legs = ", ".join(leg.leg for leg in waits.legs)
    return f"plan {waits.plan}, legs {legs}, policy {waits.policy_version}: {waits.reason}"
