"""What the cloud answers to each request of its client, and to a few of our own under /_loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from queuebit_runtime.clock import SystemClock
from queuebit_workbench.clouds.faults import Fault, Faults
from queuebit_workbench.clouds.http import JSON
from queuebit_workbench.clouds.ibm.cloud import Behaviour, Cloud, Refused

PREFIX = "/experimental"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/" + "0" * 32 + ":11111111-2222-3333-4444-555555555555::"
TOKEN_S = 3600

TEXT = "text/plain"

Answer = tuple[int, Any, str]
"""Status, document or text, content type."""


@dataclass(slots=True)
class Site:
    """What the answers are made of."""

    cloud: Cloud
    faults: Faults = field(default_factory=Faults)


Serve = Callable[[Site, list[str], Mapping[str, list[str]], Any, "str | None"], Answer]


def token(site: Site | None = None, *_: Any) -> Answer:
    """A token that lets anybody in, for an hour, with its number at its cloud."""
    now = int(SystemClock().now().timestamp())
    number = 0
    if site is not None:
        site.cloud.tokens += 1
        number = site.cloud.tokens
    claims = {"iat": now, "exp": now + TOKEN_S, "iam_id": "loopback", "number": number}
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    access = ".".join((*encoded, "loopback"))
    document = {
        "access_token": access,
        "refresh_token": "loopback",
        "token_type": "Bearer",
        "expires_in": TOKEN_S,
        "expiration": now + TOKEN_S,
    }
    return 200, document, JSON


def _search(*_: Any) -> Answer:
    item = {
        "crn": CRN,
        "name": "loopback",
        "service_plan_unique_id": "plan-1",
        "doc": {"extensions": [{}]},
        "tags": [],
    }
    return 200, {"items": [item], "limit": 10}, JSON


def _plan(*_: Any) -> Answer:
    plan = {"overview_ui": {"en": {"display_name": "Loopback"}}, "metadata": {"pricing": {"type": "free"}}}
    return 200, plan, JSON


def _backends(site: Site, *_: Any) -> Answer:
    devices = [
        {
            "name": name,
            "status": {"name": "online", "reason": "available"},
            "qubits": documents["configuration"]["n_qubits"],
            "queue_length": 0,
            "processor_type": {"family": "Loopback", "revision": "1"},
        }
        for name, documents in site.cloud.backends.items()
    ]
    return 200, {"devices": devices}, JSON


def _backend(site: Site, groups: list[str], *_: Any) -> Answer:
    name, what = groups
    if name not in site.cloud.backends:
        raise Refused(404, 1216, f"There is no backend {name}.")
    if what == "status":
        pending = sum(job.state not in ("Completed", "Failed", "Cancelled") for job in site.cloud.jobs.values())
        status = {"state": True, "status": "active", "message": "", "length_queue": pending, "backend_version": "1.0.0"}
        return 200, status, JSON
    document = site.cloud.backends[name][what]
    moment = site.cloud.behaviour.calibrated_at
    return 200, {**document, "last_update_date": moment} if what == "properties" and moment else document, JSON


def _usage(*_: Any) -> Answer:
    usage = {
        "instance_id": CRN,
        "plan_id": "plan-1",
        "usage_consumed_seconds": 0,
        "usage_limit_seconds": 600,
        "usage_remaining_seconds": 600,
        "usage_limit_reached": False,
    }
    return 200, usage, JSON


def _submit(site: Site, _: list[str], __: Any, body: Any, version: str | None) -> Answer:
    job = site.cloud.submit(body, strict=version is not None)
    return 200, {"id": job.id, "backend": job.backend}, JSON


def _jobs(site: Site, _: list[str], query: Mapping[str, list[str]], *__: Any) -> Answer:
    return 200, site.cloud.listed(query), JSON


def _job(site: Site, groups: list[str], query: Mapping[str, list[str]], *_: Any) -> Answer:
    job = site.cloud.job(groups[0])
    return 200, site.cloud.shown(job, params=query.get("exclude_params") != ["true"]), JSON


def _results(site: Site, groups: list[str], *_: Any) -> Answer:
    result = site.cloud.job(groups[0]).result
    return (204, "", TEXT) if result is None else (200, result, TEXT)


def _logs(*_: Any) -> Answer:
    return 200, "", TEXT


def _metrics(site: Site, groups: list[str], *_: Any) -> Answer:
    job = site.cloud.job(groups[0])
    ended = None if job.ended is None else job.ended.isoformat()
    stamps = {"created": job.created.isoformat(), "running": ended, "finished": ended}
    told = {"timestamps": stamps, "usage": {"qpu_charge_time_seconds": 1, "status": "complete"}}
    return 200, {**told, **site.cloud.place(job)}, JSON


def _cancel(site: Site, groups: list[str], *_: Any) -> Answer:
    site.cloud.cancel(groups[0])
    return 204, "", JSON


def _tags(site: Site, groups: list[str], _: Any, body: Any, __: Any) -> Answer:
    site.cloud.job(groups[0]).tags = list(body["tags"])
    return 204, "", JSON


def _delete(site: Site, groups: list[str], *_: Any) -> Answer:
    site.cloud.jobs.pop(groups[0], None)
    return 204, "", JSON


def _workloads(site: Site, _: list[str], query: Mapping[str, list[str]], *__: Any) -> Answer:
    return 200, site.cloud.batches(query), JSON


def _open(site: Site, _: list[str], __: Any, body: Any, ___: Any) -> Answer:
    session = site.cloud.open_session(body.get("backend", ""), body.get("mode", "batch"), body.get("max_ttl", 3600))
    return 200, _shown(site, session.id), JSON


def _session(site: Site, groups: list[str], *_: Any) -> Answer:
    return 200, _shown(site, groups[0]), JSON


def _close(site: Site, groups: list[str], *_: Any) -> Answer:
    site.cloud.close_session(groups[0])
    return 204, "", JSON


def _shown(site: Site, session_id: str) -> dict[str, Any]:
    session = site.cloud.session(session_id)
    return {
        "id": session.id,
        "mode": session.mode,
        "backend_name": session.backend,
        "state": "open" if session.accepting else "closed",
        "accepting_jobs": session.accepting,
        "max_ttl": session.max_ttl,
        "active_ttl": session.max_ttl,
        "interactive_ttl": 60,
        "started_at": session.started.isoformat(),
        "timestamps": [],
        "elapsed_time": 0,
    }


def _told(site: Site, *_: Any) -> Answer:
    jobs = [{**site.cloud.shown(job, params=False), "key": job.key} for job in site.cloud.jobs.values()]
    sessions = [_shown(site, each) for each in site.cloud.sessions]
    return 200, {"jobs": jobs, "sessions": sessions}, JSON


def _command(site: Site, _: list[str], __: Any, body: Any, ___: Any) -> Answer:
    """New faults take the place of the old ones; behaviour that is not named is as at the start."""
    site.faults.table = [Fault(**each) for each in body.get("faults", ())]
    site.faults.without = tuple(body.get("without", ()))
    behaviour = body.get("behaviour", {})
    site.cloud.behave(replace(Behaviour(), **{**behaviour, "versions": tuple(behaviour.get("versions", ()))}))
    return 200, {}, JSON


def number_of(authorization: str | None) -> int:
    """The number of the token that a request carries; 0 for none of ours."""
    try:
        claims = (authorization or "").split(".")[1]
        return int(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["number"])
    except (IndexError, KeyError, ValueError):
        return 0


ROUTES: tuple[tuple[str, str, Serve], ...] = (
    ("POST", "/identity/token", token),
    ("POST", "/v3/resources/search", _search),
    ("GET", "/api/v1/[^/]+", _plan),
    ("GET", f"{PREFIX}/backends", _backends),
    ("GET", f"{PREFIX}/backends/([^/]+)/(configuration|properties|status)", _backend),
    ("GET", f"{PREFIX}/instances/usage", _usage),
    ("POST", f"{PREFIX}/jobs", _submit),
    ("GET", f"{PREFIX}/jobs", _jobs),
    ("GET", f"{PREFIX}/jobs/([^/]+)", _job),
    ("DELETE", f"{PREFIX}/jobs/([^/]+)", _delete),
    ("GET", f"{PREFIX}/jobs/([^/]+)/results", _results),
    ("GET", f"{PREFIX}/jobs/([^/]+)/logs", _logs),
    ("GET", f"{PREFIX}/jobs/([^/]+)/metrics", _metrics),
    ("POST", f"{PREFIX}/jobs/([^/]+)/cancel", _cancel),
    ("PUT", f"{PREFIX}/jobs/([^/]+)/tags", _tags),
    ("GET", f"{PREFIX}/workloads", _workloads),
    ("POST", f"{PREFIX}/sessions", _open),
    ("GET", f"{PREFIX}/sessions/([^/]+)", _session),
    ("PATCH", f"{PREFIX}/sessions/([^/]+)", _close),
    ("DELETE", f"{PREFIX}/sessions/([^/]+)/close", _close),
    ("GET", "/_loopback", _told),
    ("PUT", "/_loopback", _command),
)
