"""What `queuebit keys` does."""

from __future__ import annotations

from dataclasses import dataclass

from queuebit_client import api_keys
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, print_line, show_table
from queuebit_client.cli.session import Target

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The flags of a key that is to be made."""

    name: str
    role: str
    scopes: list[str]
    networks: list[str]
    project: str | None
    environment: str | None
    days: int


def list_keys(target: Target, *, every: bool, as_json: bool) -> ExitCode:
    """A line a key."""
    with target.client() as client:
        found = [each for each in client.read(api_keys.API_KEYS).data if every or each.state == "live"]
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return ExitCode.OK
    rows = [
        [
            each.id,
            each.name,
            each.role,
            each.state,
            ",".join(each.scopes) or "all",
            ",".join(each.networks) or "anywhere",
            f"{each.project or 'any'}/{each.environment or 'any'}",
            each.expires_at.date().isoformat() if each.expires_at else "never",
            each.last_used_at.isoformat(timespec="minutes") if each.last_used_at else "never",
        ]
        for each in found
    ]
    columns = ["key", "name", "role", "state", "may", "from", "project/environment", "expires", "last used"]
    show_table("Keys", columns, rows)
    return ExitCode.OK


def create(target: Target, wanted: Wanted, *, as_json: bool) -> ExitCode:
    """Make one and print its text."""
    change = api_keys.make(
        wanted.name, role=wanted.role, scopes=wanted.scopes, networks=wanted.networks, project=wanted.project,
        environment=wanted.environment, days=wanted.days,
    )  # fmt: skip
    with target.client() as client:
        made = client.send(change)
    return _shown(made, f"The key {made.id}, shown only now:", as_json=as_json)


def rotate(target: Target, key_id: str, overlap_hours: float, *, as_json: bool) -> ExitCode:
    """Make one in the place of another and print its text."""
    with target.client() as client:
        made = client.send(api_keys.rotate(key_id, overlap_s=overlap_hours * HOUR_S))
    said = f"The key {made.id}, shown only now; {key_id} ends in {overlap_hours:g} h:"
    return _shown(made, said, as_json=as_json)


def revoke(target: Target, key_id: str) -> ExitCode:
    """Take it out of use."""
    with target.client() as client:
        client.send(api_keys.revoke(key_id))
    note(f"{key_id} is revoked; gateways refuse it within five seconds.")
    return ExitCode.OK


def _shown(made: api_keys.FreshApiKey, said: str, *, as_json: bool) -> ExitCode:
    if as_json:
        print_json(made.model_dump(mode="json"))
        return ExitCode.OK
    note(said)
    print_line(made.key)
    return ExitCode.OK
