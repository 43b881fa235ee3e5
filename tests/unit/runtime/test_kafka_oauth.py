"""Bearer tokens: asked for once and kept while they are fresh; the endpoint's refusal is told without the secret."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from queuebit_runtime.access.oauth import ClientCredentials
from queuebit_runtime.access.settings import access_from, client_options
from queuebit_runtime.errors import BusError


class Endpoint(HTTPServer):
    """Answers each request with the next token, or with a refusal."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.refuses = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class Answer(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.headers["Authorization"], parse_qs(form)))
        self.send_response(401 if self.server.refuses else 200)
        self.end_headers()
        token = {"access_token": f"token-{len(self.server.asked)}", "expires_in": 100}
        self.wfile.write(json.dumps(token).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_token_is_kept_for_most_of_its_life_and_then_replaced(endpoint: Endpoint) -> None:
    now_s = [1000.0]
    source = ClientCredentials(endpoint.url, "me", "hunter/2", "kafka", monotonic_s=lambda: now_s[0])

    tokens = []
    for passed_s in (0, 79, 2, 79):
        now_s[0] += passed_s
        tokens.append(source.token())

    expected = "Basic " + base64.b64encode(b"me:hunter%2F2").decode()
    assert tokens == ["token-1", "token-1", "token-2", "token-2"]
    assert endpoint.asked == [(expected, {"grant_type": ["client_credentials"], "scope": ["kafka"]})] * 2


def test_a_refusal_is_told_without_the_secret(endpoint: Endpoint) -> None:
    endpoint.refuses = True
    with pytest.raises(BusError, match="gives no token: HTTP Error 401") as caught:
        ClientCredentials(endpoint.url, "me", "hunter2", None).token()
    assert "hunter2" not in str(caught.value)


async def test_a_token_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    own = {
        "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "QUEUEBIT_KAFKA_SASL_MECHANISM": "OAUTHBEARER",
        "QUEUEBIT_KAFKA_OAUTH_TOKEN_FILE": str(file),
    }
    provider = client_options(access_from(own))["sasl_oauth_token_provider"]
    assert await provider.token() == "first"
    file.write_text("second\n")
    assert await provider.token() == "second"
