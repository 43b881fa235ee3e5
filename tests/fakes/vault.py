"""A Vault on loopback: it checks tokens, counts leases, ends them by its own clock, and fails when told to.

What it says is as HashiCorp's documents of its HTTP API have it: https://developer.hashicorp.com/vault/api-docs
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WHISPER = "what-vault-says-of-itself"
"""Stands in every refusal, and never in a log of ours."""


@dataclass
class Token:
    ends_s: float
    life_s: float
    renewable: bool = True


@dataclass
class Lease:
    path: str
    ends_s: float
    last_s: float
    """No renewal leads beyond this."""


@dataclass
class Role:
    """An account that is made anew for whoever asks."""

    lease_s: float
    lease_s_max: float
    renewable: bool = True
    made: int = 0


@dataclass
class FakeVault:
    """`now_s` is its clock. `fault`: what it answers everything with, where it is not 0."""

    url: str = ""
    now_s: float = 0.0
    fault: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    jwts: dict[str, str] = field(default_factory=dict)
    """Roles of service accounts by their tokens."""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The second version of the store of keys and values, by path."""
    roles: dict[str, Role] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    leases: dict[str, Lease] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    led_to: str = ""
    """Where a redirect leads, with 307."""

    def times(self, ask: str) -> int:
        return self.asked.count(ask)

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if self.fault:
            return self.fault, {"errors": [WHISPER]}
        if path.startswith("auth/") and path.endswith("/login"):
            return self._logged_in(path, body)
        known = self.tokens.get(token)
        if known is None or known.ends_s <= self.now_s or path in self.forbidden:
            return 403, {"errors": [f"permission denied {WHISPER}"]}
        match method, path:
            case "GET", "auth/token/lookup-self":
                left_s = known.ends_s - self.now_s
                return 200, _said(data={"ttl": int(left_s), "renewable": known.renewable, "policies": ["default"]})
            case "POST", "auth/token/renew-self":
                known.ends_s = self.now_s + known.life_s
                return 200, _said(auth={"client_token": token, "lease_duration": known.life_s, "renewable": True})
            case "PUT", "sys/leases/renew":
                return self._renewed(body)
            case "GET", _:
                return self._read(path)
        return 405, {"errors": [WHISPER]}

    def _logged_in(self, path: str, body: Any) -> tuple[int, Any]:
        if path != "auth/kubernetes/login" or self.jwts.get(body["jwt"]) != body["role"]:
            return 400, {"errors": [WHISPER]}
        text = f"hvs.of-{body['role']}-{len(self.tokens)}"
        self.tokens[text] = Token(self.now_s + 600.0, 600.0)
        return 200, _said(auth={"client_token": text, "lease_duration": 600, "renewable": True})

    def _renewed(self, body: Any) -> tuple[int, Any]:
        lease = self.leases.get(body["lease_id"])
        if lease is None or lease.ends_s <= self.now_s:
            return 400, {"errors": [f"lease not found {WHISPER}"]}
        lease.ends_s = min(self.now_s + body["increment"], lease.last_s)
        left_s = int(lease.ends_s - self.now_s)
        return 200, _said(lease_id=body["lease_id"], lease_duration=left_s, renewable=True)

    def _read(self, path: str) -> tuple[int, Any]:
        if (role := self.roles.get(path)) is not None:
            role.made += 1
            lease_id = f"{path}/{role.made}"
            self.leases[lease_id] = Lease(path, self.now_s + role.lease_s, self.now_s + role.lease_s_max)
            account = {"access_key": f"AKIA-{role.made}", "secret_key": f"secret-{role.made}", "security_token": None}
            return 200, _said(
                lease_id=lease_id, lease_duration=int(role.lease_s), renewable=role.renewable, data=account
            )
        if path in self.kept:
            return 200, _said(data={"data": self.kept[path], "metadata": {"version": 1, "destroyed": False}})
        # An engine that makes accounts says so of a role that it does not have.
        return (400, {"errors": [WHISPER]}) if "/creds/" in path else (404, {"errors": []})


def _said(**parts: Any) -> dict[str, Any]:
    empty = {"request_id": "1", "lease_id": "", "renewable": False, "lease_duration": 0}
    return {**empty, "data": None, "wrap_info": None, "warnings": None, "auth": None, **parts}


@contextmanager
def a_vault(context: ssl.SSLContext | None = None) -> Iterator[FakeVault]:
    """A Vault that runs until the block ends, behind TLS where there is a context."""
    vault = FakeVault()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            assert self.headers["X-Vault-Request"] == "true"
            token = self.headers.get("X-Vault-Token", "")
            status, said = vault.answer(self.command, self.path.removeprefix("/v1/"), token, body)
            text = json.dumps(said).encode()
            self.send_response(status)
            if vault.led_to:
                self.send_header("Location", vault.led_to)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, *_: Any) -> None:
            """Tests say what they need."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who does not trust it hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    vault.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield vault
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
