"""HTTPS at the gateway's own door: on a real socket, with a certificate that is renewed while connections are open."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from queuebit_gateway.http.certificate import BadCertificate, Certificate
from queuebit_gateway.http.server import HttpServer
from queuebit_gateway.settings import GatewaySettings
from queuebit_runtime.service.settings import complaints
from tests.contract.http.doors import LONG_S, Line
from tests.contract.http.running_gateway import RunningGateway, a_world
from tests.fakes.certificates import write_pair

ASK = b"GET /v1/kinds HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Served:
    """A gateway over HTTPS."""

    def __init__(self, world: RunningGateway, certificate: Certificate, folder: Path) -> None:
        self.folder = folder
        self.certificate = certificate
        self.server = HttpServer(
            world.app,
            world.parts.tailer,
            world.parts.ids,
            host="127.0.0.1",
            port=0,
            drain_s=2,
            tls=certificate.context,
        )

    async def connect(self, trusting: Path | None) -> Line:
        context = None if trusting is None else ssl.create_default_context(cafile=trusting)
        return Line(*await asyncio.open_connection("127.0.0.1", self.server.port, ssl=context))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with a_world() as world:
        found = Served(world, Certificate(*write_pair(tmp_path, "first")), tmp_path)
        await found.server.start()
        yield found
        await found.server.stop(1)


async def test_who_trusts_the_certificate_is_answered_and_who_does_not_hangs_up(served: Served, tmp_path: Path) -> None:
    line = await served.connect(tmp_path / "localhost.pem")
    await line.send(ASK)
    answer = await line.answer()
    assert answer.status in (200, 401)
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    line.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", served.server.port, ssl=ssl.create_default_context()), LONG_S
        )


async def test_what_is_said_in_clear_gets_no_answer(served: Served) -> None:
    line = await served.connect(None)
    await line.send(ASK)
    answer = await line.answer()
    assert answer.status == 0
    assert await line.is_over()


async def test_old_versions_of_tls_are_not_offered(served: Served) -> None:
    assert served.certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on(
    served: Served, tmp_path: Path
) -> None:
    before = (tmp_path / "localhost.pem").read_bytes()
    old_trust = tmp_path / "old.pem"
    old_trust.write_bytes(before)
    old = await served.connect(old_trust)
    await old.send(ASK)
    assert (await old.answer()).status in (200, 401)
    assert served.certificate.look() is False

    write_pair(tmp_path, "second")
    assert served.certificate.look() is True

    new = await served.connect(tmp_path / "localhost.pem")
    await new.send(ASK)
    assert (await new.answer()).status in (200, 401)
    await old.send(ASK)
    assert (await old.answer()).status in (200, 401)
    with pytest.raises(ssl.SSLCertVerificationError):
        await served.connect(old_trust)
    new.close()
    old.close()


async def test_files_that_cannot_be_used_leave_the_certificate_as_it_was(served: Served, tmp_path: Path) -> None:
    trust = tmp_path / "trust.pem"
    trust.write_bytes((tmp_path / "localhost.pem").read_bytes())
    (tmp_path / "localhost.key").write_text("no key")
    with pytest.raises(BadCertificate, match="QUEUEBIT_HTTP_KEY_FILE"):
        served.certificate.look()
    line = await served.connect(trust)
    await line.send(ASK)
    assert (await line.answer()).status in (200, 401)
    line.close()


async def test_the_files_are_looked_at_while_the_gateway_runs(tmp_path: Path) -> None:
    certificate = Certificate(*write_pair(tmp_path, "first"))
    stop = asyncio.Event()
    looked: list[bool] = []

    class Clock:
        async def sleep(self, _delay_s: float) -> None:
            await asyncio.sleep(0)

        def monotonic_s(self) -> float:
            return 0.0

    def look() -> bool:
        looked.append(True)
        if len(looked) == 2:
            stop.set()
        raise BadCertificate("half written")

    certificate.look = look  # type: ignore[method-assign]
    await asyncio.wait_for(certificate.run(stop, Clock()), LONG_S)  # type: ignore[arg-type]
    assert len(looked) == 2


def test_a_pair_that_does_not_fit_ends_the_start_with_the_names_of_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    place, _ = write_pair(tmp_path, "first")
    _, key = write_pair(other, "second")
    monkeypatch.setenv("QUEUEBIT_PEPPER", "9f2c1b7e4d8a6035c1e2f49b7d80a6f3")
    monkeypatch.setenv("QUEUEBIT_HTTP_CERTIFICATE_FILE", str(place))
    monkeypatch.setenv("QUEUEBIT_HTTP_KEY_FILE", str(key))
    with pytest.raises(ValidationError) as caught:
        GatewaySettings()
    assert "QUEUEBIT_HTTP_CERTIFICATE_FILE" in complaints(caught.value)
    monkeypatch.delenv("QUEUEBIT_HTTP_CERTIFICATE_FILE")
    with pytest.raises(ValidationError) as caught:
        GatewaySettings()
    assert "QUEUEBIT_HTTP_KEY_FILE is set without its certificate" in complaints(caught.value)


def test_a_pepper_that_can_be_guessed_is_for_trials_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_PEPPER", "x" * 40)
    assert GatewaySettings().environment == "local"
    monkeypatch.setenv("QUEUEBIT_ENVIRONMENT", "production")
    with pytest.raises(ValidationError) as caught:
        GatewaySettings()
    assert complaints(caught.value).startswith("QUEUEBIT_PEPPER has fewer than")
