"""`queuebit keys`: flags here, what they do in `keys.py`, which is imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o

NAME = "keys"
_HELP = "API keys of your tenant. One that is made or rotated is shown once, on standard output, and allows no more than yours."

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The id of the key: its 8 characters after qb_live_.")]


def group() -> typer.Typer:
    """The group with its verbs."""
    keys = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    for name, verb in (("list", list_keys), ("create", create), ("rotate", rotate), ("revoke", revoke)):
        keys.command(name)(verb)
    return keys


def list_keys(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that are expired or revoked.")] = False,
    as_json: o.Json = False,
) -> int:
    """List the keys: what each may do, until when, and when it was last used; never their secrets."""
    from queuebit_client.cli import keys

    return keys.list_keys(context.obj, every=every, as_json=as_json)


def create(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    role: Annotated[str, typer.Option(help="viewer, submitter or admin.")] = "submitter",
    scope: Annotated[list[str] | None, typer.Option(help="Narrow it to this action; repeatable.")] = None,
    network: Annotated[list[str] | None, typer.Option(help="Usable from this network only (CIDR); repeatable.")] = None,
    project: Annotated[str | None, typer.Option(help="For jobs of this project alone.")] = None,
    environment: Annotated[
        str | None,
        typer.Option(help="For jobs of this environment alone; dev and staging never go to quantum hardware."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Until it expires.")] = 90,
    as_json: o.Json = False,
) -> int:
    """Make a key, and print it this once."""
    from queuebit_client.cli import keys

    wanted = keys.Wanted(name, role, scope or [], network or [], project, environment, days)
    return keys.create(context.obj, wanted, as_json=as_json)


def rotate(
    context: typer.Context,
    key: KeyId,
    overlap_hours: Annotated[float, typer.Option(min=0, max=168, help="For how long the former key opens too.")] = 24.0,
    as_json: o.Json = False,
) -> int:
    """Make a key in the place of another, as wide and for as long, and print it this once."""
    from queuebit_client.cli import keys

    return keys.rotate(context.obj, key, overlap_hours, as_json=as_json)


def revoke(context: typer.Context, key: KeyId) -> int:
    """Take a key out of use; it opens nothing any more, in five seconds at the latest."""
    from queuebit_client.cli import keys

    return keys.revoke(context.obj, key)
