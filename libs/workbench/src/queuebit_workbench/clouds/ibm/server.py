"""The cloud's HTTP side."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from queuebit_workbench.clouds.ibm.cloud import Cloud, Refused
from queuebit_workbench.clouds.ibm.faults import Fault
from queuebit_workbench.clouds.ibm.routes import CRN, JSON, PREFIX, ROUTES, TEXT, Answer, Site

BODY_MAX = 64 * 2**20


class Http(ThreadingHTTPServer):
    """A client that goes away in the middle is no news: the crash matrix kills them by the dozen."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """One cloud on a port of loopback, in threads of its own."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        self.site = Site(cloud)
        self.http = Http(("127.0.0.1", port), type("Bound", (Handler,), {"owner": self}))

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
                return serve(self.site, [unquote(group) for group in match.groups()], query, body, version)
        raise Refused(404, 1000, f"There is no {method} {path}.")


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    owner: ClassVar[Server]
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
        fault = None if own else self.owner.site.faults.find(self.command, parts.path, "before")
        if fault is not None and self._fails(fault):
            return
        try:
            is_json = "json" in (self.headers.get("Content-Type") or "")
            body = json.loads(raw) if raw and is_json else {}
            query = parse_qs(parts.query)
            status, document, kind = self.owner.answer(self.command, parts.path, query, body, self.headers)
        except Refused as error:
            told = {"code": error.code, "message": error.message, "solution": "", "more_info": ""}
            status, document, kind = error.status, {"errors": [told], "trace": "loopback"}, JSON
        fault = None if own else self.owner.site.faults.find(self.command, parts.path, "after")
        if fault is not None and self._fails(fault):
            return
        text = document if kind == TEXT else json.dumps(document if own else self.owner.site.faults.pruned(document))
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


def started(device: str = "fake_manila", port: int = 0) -> Server:
    """A cloud with one device, on a port of its own unless one is named."""
    from queuebit_workbench.clouds.ibm.execution import documents, fake

    server = Server(Cloud({device: documents(device)}, fake(device)), port)
    server.start()
    return server
