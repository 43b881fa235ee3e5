"""`queuebit webhooks`: flags here, what they do in `webhooks.py`, which is imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o

NAME = "webhooks"
_HELP = (
    "Where you are told what happens to your jobs, by requests that can be checked (Standard Webhooks). Secrets are shown once,"
    " on standard output."
)

Endpoint = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The id of the endpoint.")]


def group() -> typer.Typer:
    """The group with its verbs."""
    webhooks = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    verbs = (
        ("add", add), ("list", list_webhooks), ("show", show), ("ping", ping), ("rotate", rotate), ("replay", replay),
        ("disable", disable), ("enable", enable), ("remove", remove),
    )  # fmt: skip
    for name, verb in verbs:
        webhooks.command(name)(verb)
    return webhooks


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send to: https, a public host.")],
    event: Annotated[
        list[str] | None, typer.Option(help="Only this event, such as JobCompleted; repeatable. Else how jobs end.")
    ] = None,
    tier: Annotated[list[str] | None, typer.Option(help="Only jobs of this tier; repeatable.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only jobs of this kind; repeatable.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="Only jobs with this label; repeatable.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    signing: Annotated[str, typer.Option(help="v1 (shared secret), v1a (ed25519), or both.")] = "v1",
    as_json: o.Json = False,
) -> int:
    """Tell a URL what happens from now on. Prints its id, and this once what to check the requests with."""
    from queuebit_client.cli import webhooks

    wanted = webhooks.Wanted(url, event or [], tier or [], kind or [], label or [], description, signing)
    return webhooks.add(context.obj, wanted, as_json=as_json)


def list_webhooks(context: typer.Context, as_json: o.Json = False) -> int:
    """List the endpoints, and how they do."""
    from queuebit_client.cli import webhooks

    return webhooks.list_endpoints(context.obj, as_json=as_json)


def show(
    context: typer.Context,
    webhook: Endpoint,
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many of its latest deliveries.")] = 20,
    as_json: o.Json = False,
) -> int:
    """Show an endpoint, and its latest deliveries with what came of them."""
    from queuebit_client.cli import webhooks

    return webhooks.show(context.obj, webhook, limit, as_json=as_json)


def ping(context: typer.Context, webhook: Endpoint) -> int:
    """Send something that is about no job; `show` tells what came of it."""
    from queuebit_client.cli import webhooks

    return webhooks.ping(context.obj, webhook)


def rotate(
    context: typer.Context,
    webhook: Endpoint,
    overlap_hours: Annotated[float, typer.Option(min=0, max=168, help="For how long the former keys sign too.")] = 24.0,
    as_json: o.Json = False,
) -> int:
    """Make new keys, and print this once what to check with."""
    from queuebit_client.cli import webhooks

    return webhooks.rotate(context.obj, webhook, overlap_hours, as_json=as_json)


def replay(
    context: typer.Context,
    webhook: Endpoint,
    since: Annotated[str, typer.Option(help="What happened at or after this (RFC 3339).")],
    until: Annotated[str | None, typer.Option(help="And before this; else until now.")] = None,
    delivered: Annotated[bool, typer.Option("--delivered", help="Also what was delivered.")] = False,
    as_json: o.Json = False,
) -> int:
    """Deliver again what happened in a range, under the same ids."""
    from queuebit_client.cli import webhooks

    return webhooks.replay(context.obj, webhook, since, until, delivered=delivered, as_json=as_json)


def disable(context: typer.Context, webhook: Endpoint) -> int:
    """Send nothing there until it is enabled again; what happens meanwhile is told then."""
    from queuebit_client.cli import webhooks

    return webhooks.set_state(context.obj, webhook, "paused")


def enable(context: typer.Context, webhook: Endpoint) -> int:
    """Send there again, also what happened meanwhile."""
    from queuebit_client.cli import webhooks

    return webhooks.set_state(context.obj, webhook, "enabled")


def remove(context: typer.Context, webhook: Endpoint) -> int:
    """Forget an endpoint, and what was still to be told to it."""
    from queuebit_client.cli import webhooks

    return webhooks.remove(context.obj, webhook)
