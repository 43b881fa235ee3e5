"""The cloud's HTTP side: the requests that the client makes, and a few of our own under /_loopback."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from queuebit_runtime.clock import SystemClock
from queuebit_workbench.clouds.ibm.cloud import Behaviour, Cloud, Refused
from queuebit_workbench.clouds.ibm.faults import Fault, Faults

PREFIX = "/experimental"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/" + "0" * 32 + ":11111111-2222-3333-4444-555555555555::"
TOKEN_S = 3600
BODY_MAX = 64 * 2**20

Answer = tuple[int, Any, str]
"""Status, document or text, content type."""
JSON = "application/json"
TEXT = "text/plain"


class Server:
    """One cloud on a port of loopback, in threads of its own."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        self.faults = Faults()
        self.http = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self.http.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def env(self) -> dict[str, str]:
        """What makes an unmodified client come here."""
        return {
            "IAM_URL": self.url,
            "GLOBAL_SEARCH_URL": self.url,
            "GLOBAL_CATALOG_URL": f"{self.url}/api/v1",
            "QISKIT_IBM_TOKEN": "loopback",
            "QISKIT_IBM_URL": f"{self.url}{PREFIX}",
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_INSTANCE": CRN,
            "USAGE_DATA_OPT_OUT": "True",
        }

    def start(self) -> None:
        threading.Thread(target=self.http.serve_forever, name="ibm cloud", daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, headers: Any) -> Answer:
        """What the cloud says. Raises Refused."""
        for verb, pattern, serve in ROUTES:
            match = re.fullmatch(pattern, path) if verb == method else None
            if match is not None:
                version, served = headers.get("IBM-API-Version"), self.cloud.behaviour.versions
                if path.startswith(PREFIX) and version and served and version not in served:
                    raise Refused(400, 1300, f"The API version {version} is not served.")
                return serve(self, [unquote(group) for group in match.groups()], query, body, version)
        raise Refused(404, 1000, f"There is no {method} {path}.")


Serve = Callable[[Server, list[str], dict[str, list[str]], Any, "str | None"], Answer]


def _token(*_: Any) -> Answer:
    now = int(SystemClock().now().timestamp())
    claims = {"iat": now, "exp": now + TOKEN_S, "iam_id": "loopback"}
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


def _backends(server: Server, *_: Any) -> Answer:
    devices = [
        {
            "name": name,
            "status": {"name": "online", "reason": "available"},
            "qubits": documents["configuration"]["n_qubits"],
            "queue_length": 0,
            "processor_type": {"family": "Loopback", "revision": "1"},
        }
        for name, documents in server.cloud.backends.items()
    ]
    return 200, {"devices": devices}, JSON


def _backend(server: Server, groups: list[str], *_: Any) -> Answer:
    name, what = groups
    if name not in server.cloud.backends:
        raise Refused(404, 1216, f"There is no backend {name}.")
    if what == "status":
        pending = sum(job.state not in ("Completed", "Failed", "Cancelled") for job in server.cloud.jobs.values())
        status = {"state": True, "status": "active", "message": "", "length_queue": pending, "backend_version": "1.0.0"}
        return 200, status, JSON
    return 200, server.cloud.backends[name][what], JSON


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


def _submit(server: Server, _: list[str], __: Any, body: Any, version: str | None) -> Answer:
    job = server.cloud.submit(body, strict=version is not None)
    return 200, {"id": job.id, "backend": job.backend}, JSON


def _jobs(server: Server, _: list[str], query: dict[str, list[str]], *__: Any) -> Answer:
    return 200, server.cloud.listed(query), JSON


def _job(server: Server, groups: list[str], query: dict[str, list[str]], *_: Any) -> Answer:
    job = server.cloud.job(groups[0])
    return 200, server.cloud.shown(job, params=query.get("exclude_params") != ["true"]), JSON


def _results(server: Server, groups: list[str], *_: Any) -> Answer:
    result = server.cloud.job(groups[0]).result
    return (204, "", TEXT) if result is None else (200, result, TEXT)


def _logs(*_: Any) -> Answer:
    return 200, "", TEXT


def _metrics(server: Server, groups: list[str], *_: Any) -> Answer:
    job = server.cloud.job(groups[0])
    ended = None if job.ended is None else job.ended.isoformat()
    stamps = {"created": job.created.isoformat(), "running": ended, "finished": ended}
    return 200, {"timestamps": stamps, "usage": {"qpu_charge_time_seconds": 1, "status": "complete"}}, JSON


def _cancel(server: Server, groups: list[str], *_: Any) -> Answer:
    server.cloud.cancel(groups[0])
    return 204, "", JSON


def _tags(server: Server, groups: list[str], _: Any, body: Any, __: Any) -> Answer:
    server.cloud.job(groups[0]).tags = list(body["tags"])
    return 204, "", JSON


def _delete(server: Server, groups: list[str], *_: Any) -> Answer:
    server.cloud.jobs.pop(groups[0], None)
    return 204, "", JSON


def _open(server: Server, _: list[str], __: Any, body: Any, ___: Any) -> Answer:
    session = server.cloud.open_session(body.get("backend", ""), body.get("mode", "batch"), body.get("max_ttl", 3600))
    return 200, _shown(server, session.id), JSON


def _session(server: Server, groups: list[str], *_: Any) -> Answer:
    return 200, _shown(server, groups[0]), JSON


def _close(server: Server, groups: list[str], *_: Any) -> Answer:
    server.cloud.close_session(groups[0])
    return 204, "", JSON


def _shown(server: Server, session_id: str) -> dict[str, Any]:
    session = server.cloud.session(session_id)
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


def _told(server: Server, *_: Any) -> Answer:
    jobs = [server.cloud.shown(job, params=False) for job in server.cloud.jobs.values()]
    sessions = [_shown(server, each) for each in server.cloud.sessions]
    return 200, {"jobs": jobs, "sessions": sessions}, JSON


def _command(server: Server, _: list[str], __: Any, body: Any, ___: Any) -> Answer:
    """New faults take the place of the old ones; behaviour that is not named is as at the start."""
    server.faults.table = [Fault(**each) for each in body.get("faults", ())]
    server.faults.without = tuple(body.get("without", ()))
    behaviour = body.get("behaviour", {})
    server.cloud.behaviour = replace(Behaviour(), **{**behaviour, "versions": tuple(behaviour.get("versions", ()))})
    return 200, {}, JSON


ROUTES: tuple[tuple[str, str, Serve], ...] = (
    ("POST", "/identity/token", _token),
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
    ("POST", f"{PREFIX}/sessions", _open),
    ("GET", f"{PREFIX}/sessions/([^/]+)", _session),
    ("PATCH", f"{PREFIX}/sessions/([^/]+)", _close),
    ("DELETE", f"{PREFIX}/sessions/([^/]+)/close", _close),
    ("GET", "/_loopback", _told),
    ("PUT", "/_loopback", _command),
)


def _handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def log_message(self, *_: Any) -> None:
            """Nothing: who is interested asks for /_loopback."""

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = min(int(self.headers.get("Content-Length") or 0), BODY_MAX)
            raw = self.rfile.read(length)
            own = parts.path.startswith("/_loopback")
            fault = None if own else server.faults.find(self.command, parts.path, "before")
            if fault is not None and self._fails(fault):
                return
            try:
                is_json = "json" in (self.headers.get("Content-Type") or "")
                body = json.loads(raw) if raw and is_json else {}
                query = parse_qs(parts.query)
                status, document, kind = server.answer(self.command, parts.path, query, body, self.headers)
            except Refused as error:
                told = {"code": error.code, "message": error.message, "solution": "", "more_info": ""}
                status, document, kind = error.status, {"errors": [told], "trace": "loopback"}, JSON
            fault = None if own else server.faults.find(self.command, parts.path, "after")
            if fault is not None and self._fails(fault):
                return
            text = document if kind == TEXT else json.dumps(document if own else server.faults.pruned(document))
            self._send(status, "" if status == 204 else text, kind, {})

        def _fails(self, fault: Fault) -> bool:
            """Whether the answer is the fault's; where it only waits, it goes on."""
            time.sleep(fault.hang_s)
            if fault.drop:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return True
            if fault.status is None:
                return False
            self._send(fault.status, json.dumps(fault.body), JSON, fault.headers)
            return True

        def _send(self, status: int, text: str, kind: str, headers: dict[str, str]) -> None:
            data = text.encode()
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

    return Handler


def started(device: str = "fake_manila", port: int = 0) -> Server:
    """A cloud with one device, on a port of its own unless one is named."""
    from queuebit_workbench.clouds.ibm.execution import documents, fake

    server = Server(Cloud({device: documents(device)}, fake(device)), port)
    server.start()
    return server
