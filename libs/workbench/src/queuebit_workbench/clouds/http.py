"""The HTTP side that all clouds on loopback share: connections, faults on command, and what is asked of the cloud itself."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from queuebit_workbench.clouds.faults import Fault, Faults

BODY_MAX = 64 * 2**20
OWN = "/_loopback"
"""What is asked there is ours: no fault happens to it."""
JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """One request of a client. `path` as it was sent, still quoted; the names of `headers` in small letters."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def document(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the cloud says: a document that becomes JSON, or a text or bytes as they are."""

    status: int
    content: Any = ""
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class Http(ThreadingHTTPServer):
    """A client that goes away in the middle is no news: the crash matrix kills them by the dozen."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Loopback:
    """A port of loopback on which `answer` is asked, in threads of its own, and on which faults happen."""

    def __init__(self, answer: Callable[[Asked], Reply], faults: Faults, port: int = 0) -> None:
        self.answer = answer
        self.faults = faults
        self._http = Http(("127.0.0.1", port), type("Bound", (_Handler,), {"owner": self}))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, name="cloud", daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    owner: ClassVar[Loopback]
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: Any) -> None:
        """Nothing: who is interested asks for /_loopback."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        own, faults = parts.path.startswith(OWN), self.owner.faults
        body = self._body()
        fault = None if own else faults.find(self.command, parts.path, "before")
        if fault is not None and self._fails(fault):
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, parse_qs(parts.query), headers, body)
        reply = self.owner.answer(asked)
        fault = None if own else faults.find(self.command, parts.path, "after")
        if fault is not None and self._fails(fault):
            return
        content = reply.content
        if not isinstance(content, str | bytes):
            content = json.dumps(content if own else faults.pruned(content))
        self._send(reply.status, content, reply.kind, reply.headers)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = b"".join(self._chunks())
        else:
            raw = self._whole(min(int(self.headers.get("Content-Length") or 0), BODY_MAX))
        return zlib.decompress(raw) if self.headers.get("Content-Encoding") == "deflate" else raw

    def _chunks(self) -> Iterator[bytes]:
        """A body that comes in parts, each behind its length in hexadecimal, until one that is empty."""
        left = BODY_MAX
        while (size := int(self.rfile.readline().split(b";")[0] or b"0", 16)) and size <= left:
            left -= size
            yield self._whole(size)
            self.rfile.readline()
        self.rfile.readline()

    def _whole(self, size: int) -> bytes:
        """So many bytes. Raises ConnectionError for a client that went away before: it has asked for nothing."""
        raw = self.rfile.read(size)
        if len(raw) < size:
            raise ConnectionResetError("The client went away in the middle of its request.")
        return raw

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

    def _send(self, status: int, content: str | bytes, kind: str, headers: Mapping[str, str]) -> None:
        data = content.encode() if isinstance(content, str) else content
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
