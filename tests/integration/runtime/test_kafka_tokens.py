"""OAUTHBEARER on a real broker: it checks signature, audience and life of a token, and takes its subject as the user."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from queuebit_devstack.jars import ensure_jars
from queuebit_devstack.java import Java, find_java
from queuebit_devstack.kafka import KafkaCluster, plan_nodes, wait_kafka
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.processes import end_processes
from queuebit_runtime.access.admin import apply_rules
from queuebit_runtime.access.rules import access_rules
from queuebit_runtime.access.settings import KafkaAccess
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.errors import AccessDenied, LoginRefused
from tests.contract.bus.bus_under_test import Collector, reads, say, until

AUDIENCE = "kafka"
SECRETS = {name: uuid4().hex for name in ("upstream", "control-plane")}
VALIDATOR = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"
LOGIN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
ALLOWED = "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls="


@dataclass
class Issuer:
    """An identity provider: client credentials in, a signed token out."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    life_s: int = 300
    audience: str = AUDIENCE
    asked: int = 0

    def token(self, subject: str, key: rsa.RSAPrivateKey | None = None) -> str:
        now_s = int(time.time())
        claims = {"sub": subject, "aud": self.audience, "iat": now_s, "exp": now_s + self.life_s}
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "one"})

    def keys(self) -> str:
        public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return json.dumps({"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]})


def answering(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            pair = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            user, _, secret = (unquote(part) for part in pair.partition(":"))
            issuer.asked += 1
            known = SECRETS.get(user) == secret
            self.send_response(200 if known else 401)
            self.end_headers()
            answer = {"access_token": issuer.token(user), "expires_in": issuer.life_s} if known else {"error": "no"}
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Answer


@dataclass(frozen=True)
class Door:
    """A broker that lets users in by token, and the provider of the tokens."""

    servers: str
    url: str
    issuer: Issuer

    def by_credentials(self, user: str, secret: str | None = None) -> KafkaAccess:
        return self._access(
            kafka_oauth_token_url=self.url,
            kafka_oauth_client_id=user,
            kafka_oauth_client_secret=SecretStr(secret or SECRETS[user]),
        )

    def by_file(self, file: Path, token: str) -> KafkaAccess:
        file.write_text(token)
        return self._access(kafka_oauth_token_file=file)

    def _access(self, **given: Any) -> KafkaAccess:
        own = {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_sasl_mechanism": "OAUTHBEARER"}
        return KafkaAccess(kafka=self.servers, **own, **given)


@dataclass(frozen=True, slots=True)
class JavaThatReads(Java):
    """A broker reads keys only from where its Java is told that it may."""

    allowed: str = ""

    @property
    def quiet_flags(self) -> tuple[str, ...]:
        return (ALLOWED + self.allowed, *Java(self.program, self.major).quiet_flags)


@pytest.fixture(scope="module")
def issuer() -> Iterator[tuple[Issuer, str]]:
    found = Issuer()
    server = HTTPServer((LOOPBACK, 0), answering(found))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found, f"http://{LOOPBACK}:{server.server_port}/token"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
async def door(issuer: tuple[Issuer, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("tokens")
    keys = folder / "keys.json"
    keys.write_text(issuer[0].keys())
    java = find_java()
    reading = JavaThatReads(java.program, java.major, keys.as_uri())
    cluster = KafkaCluster(folder, plan_nodes(folder, 1), reading, ensure_jars())
    await cluster.prepare()
    (node,) = cluster.nodes
    (port,) = free_ports(1)
    node.properties.write_text(with_tokens(node.properties.read_text(), port, keys.as_uri()))
    child = cluster.spawn_node(node)
    try:
        admin = cluster.access("admin")
        await wait_kafka(admin, [child])
        await ensure_topics(admin)
        await asyncio.to_thread(apply_rules, admin, access_rules())
        found = Door(f"{LOOPBACK}:{port}", issuer[1], issuer[0])
        await rights_are_known(found)
        yield found
    finally:
        await asyncio.to_thread(end_processes, [child.record], ask=signal.SIGKILL, grace_s=5.0)


async def rights_are_known(door: Door) -> None:
    """The broker learns rules from its controller, a moment after they were set."""
    async with asyncio.timeout(60):
        while True:
            bus = KafkaBus(KafkaSettings(door.by_credentials("upstream")))
            try:
                await bus.start()
                return
            except AccessDenied:
                await asyncio.sleep(0.05)
            finally:
                await bus.stop()


def with_tokens(properties: str, port: int, keys: str) -> str:
    """One more door of the same broker."""
    mine = f"TOKENS://{LOOPBACK}:{port}"
    changed: dict[str, Callable[[str], str]] = {
        "listeners": lambda old: f"{old},{mine}",
        "advertised.listeners": lambda old: f"{old},{mine}",
        "listener.security.protocol.map": lambda old: f"{old},TOKENS:SASL_PLAINTEXT",
    }
    lines = dict(line.split("=", 1) for line in properties.splitlines())
    lines |= {name: change(lines[name]) for name, change in changed.items()}
    prefix = "listener.name.tokens."
    lines |= {
        f"{prefix}sasl.enabled.mechanisms": "OAUTHBEARER",
        f"{prefix}oauthbearer.sasl.jaas.config": f"{LOGIN} required;",
        f"{prefix}oauthbearer.sasl.server.callback.handler.class": VALIDATOR,
        f"{prefix}oauthbearer.sasl.oauthbearer.jwks.endpoint.url": keys,
        f"{prefix}oauthbearer.sasl.oauthbearer.expected.audience": AUDIENCE,
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


async def test_the_subject_of_a_token_has_the_rights_of_its_principal_and_no_others(door: Door) -> None:
    found = Collector()
    asked = door.issuer.asked
    upstream = KafkaBus(KafkaSettings(door.by_credentials("upstream")))
    control = KafkaBus(KafkaSettings(door.by_credentials("control-plane")))
    control.subscribe(reads(found, topic="jobs.submitted", group="control-plane"))
    await asyncio.gather(upstream.start(), control.start())
    try:
        await upstream.publish([say("a", "{}")])
        await until(lambda: found.values == [b"{}"], "the record")
        with pytest.raises(AccessDenied):
            await upstream.publish([say("a", "{}", topic="jobs.completed")])
    finally:
        await asyncio.gather(upstream.stop(), control.stop())
    assert door.issuer.asked > asked


@pytest.mark.parametrize("what", ["expired", "for another audience", "signed by another key"])
async def test_a_token_that_the_broker_does_not_believe_is_told_as_a_refused_login(
    door: Door, tmp_path: Path, what: str
) -> None:
    forged = {
        "expired": lambda: replace(door.issuer, life_s=-60).token("upstream"),
        "for another audience": lambda: replace(door.issuer, audience="mail").token("upstream"),
        "signed by another key": lambda: door.issuer.token("upstream", rsa.generate_private_key(65537, 2048)),
    }[what]()
    with pytest.raises(LoginRefused, match="does not let") as caught:
        await KafkaBus(KafkaSettings(door.by_file(tmp_path / "token", forged))).start()
    assert forged not in str(caught.value)


async def test_a_file_with_a_good_token_lets_in(door: Door, tmp_path: Path) -> None:
    bus = KafkaBus(KafkaSettings(door.by_file(tmp_path / "token", door.issuer.token("upstream"))))
    await bus.start()
    try:
        await bus.publish([say("b", "{}")])
    finally:
        await bus.stop()


async def test_an_endpoint_that_refuses_us_is_named_and_the_secret_is_not(door: Door) -> None:
    with pytest.raises(Exception, match="gives no token: HTTP Error 401") as caught:
        await KafkaBus(KafkaSettings(door.by_credentials("upstream", "guessed"))).start()
    assert "guessed" not in str(caught.value)
