"""What `queuebit webhooks` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from queuebit_client import endpoints
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFlag
from queuebit_client.cli.output import note, print_json, print_line, show_table
from queuebit_client.cli.session import Target

HOUR_S = 3600.0
_SIGNING: tuple[Literal["v1", "v1a", "both"], ...] = ("v1", "v1a", "both")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The flags of an endpoint that is to be made."""

    url: str
    events: list[str]
    tiers: list[str]
    kinds: list[str]
    labels: list[str]
    description: str | None
    signing: str


def add(target: Target, wanted: Wanted, *, as_json: bool) -> ExitCode:
    """Make one, and print its id and what to check with."""
    signing = next((each for each in _SIGNING if each == wanted.signing), None)
    if signing is None:
        raise BadFlag(f"--signing {wanted.signing} is unknown.", remedy=f"Use one of: {', '.join(_SIGNING)}.")
    change = endpoints.add(
        wanted.url, events=wanted.events, tiers=wanted.tiers, kinds=wanted.kinds, labels=_labels(wanted.labels),
        description=wanted.description, signing=signing,
    )  # fmt: skip
    with target.client() as client:
        made = client.send(change)
    note(f"The webhook {made.id}. What to check its requests with is shown only now.")
    return _with_secrets(made, as_json=as_json)


def list_endpoints(target: Target, *, as_json: bool) -> ExitCode:
    """A line an endpoint."""
    with target.client() as client:
        found = client.read(endpoints.ENDPOINTS).data
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return ExitCode.OK
    rows = [
        [each.id, each.url, _state(each), ",".join(each.rule.get("events", ())) or "how jobs end", each.description]
        for each in found
    ]
    show_table("Webhooks", ["webhook", "url", "state", "events", "description"], rows)
    return ExitCode.OK


def show(target: Target, endpoint_id: str, limit: int, *, as_json: bool) -> ExitCode:
    """The endpoint and its latest deliveries."""
    with target.client() as client:
        found = client.read(endpoints.ENDPOINT, endpoint_id=endpoint_id)
        deliveries = client.read(endpoints.DELIVERIES, endpoint_id=endpoint_id, limit=limit).data
    if as_json:
        told = [each.model_dump(mode="json") for each in deliveries]
        print_json({**found.model_dump(mode="json"), "deliveries": told})
        return ExitCode.OK
    note(f"{found.url}: {_state(found)}")
    rows = [
        [each.id, each.event, each.job_id, each.state, each.attempts, each.status or "", each.error or ""]
        for each in deliveries
    ]
    show_table("Deliveries", ["delivery", "event", "job", "state", "attempts", "status", "error"], rows)
    return ExitCode.OK


def ping(target: Target, endpoint_id: str) -> ExitCode:
    """Try it."""
    with target.client() as client:
        delivery = client.send(endpoints.ping(endpoint_id))
    print_line(str(delivery.id))
    return ExitCode.OK


def rotate(target: Target, endpoint_id: str, overlap_hours: float, *, as_json: bool) -> ExitCode:
    """New keys, printed this once."""
    with target.client() as client:
        turned = client.send(endpoints.rotate(endpoint_id, overlap_s=overlap_hours * HOUR_S))
    note(f"New keys, shown only now; the former ones sign on for {overlap_hours:g} h.")
    return _with_secrets(turned, as_json=as_json)


def replay(
    target: Target, endpoint_id: str, since: str, until: str | None, *, delivered: bool, as_json: bool
) -> ExitCode:
    """Deliver a range again, call after call, until there is no more of it."""
    states = ("exhausted", "delivered") if delivered else ("exhausted",)
    with target.client() as client:
        found = client.send(endpoints.replay(endpoint_id, since, until, states=states))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_line(str(found.deliveries))
    if found.more:
        note("There are more in the range: say it again when these are delivered.")
    return ExitCode.OK


def set_state(target: Target, endpoint_id: str, state: Literal["enabled", "paused"]) -> ExitCode:
    """Pause it or enable it."""
    with target.client() as client:
        found = client.send(endpoints.set_state(endpoint_id, state))
    note(f"{found.url}: {_state(found)}")
    return ExitCode.OK


def remove(target: Target, endpoint_id: str) -> ExitCode:
    """Forget it."""
    with target.client() as client:
        client.send(endpoints.remove(endpoint_id))
    note(f"{endpoint_id} is removed.")
    return ExitCode.OK


def _with_secrets(found: endpoints.Endpoint, *, as_json: bool) -> ExitCode:
    if as_json:
        print_json(found.model_dump(mode="json"))
        return ExitCode.OK
    print_line(str(found.id))
    for secret in found.secrets:
        print_line(secret)
    return ExitCode.OK


def _state(found: endpoints.Endpoint) -> str:
    if found.why:
        return f"{found.state}: {found.why}"
    return f"{found.state}, failing since {found.failing_since.isoformat()}" if found.failing_since else found.state


def _labels(texts: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        name, is_pair, value = text.partition("=")
        if not is_pair or not name:
            raise BadFlag(f"--label {text} is no pair.", remedy="Write it as name=value.")
        found.setdefault(name, []).append(value)
    return found
