"""Credentials that Vault leases: renewed, had anew before they end, and never told to anybody."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from queuebit_quantum_adapter.credentials.vault import AGAIN_S, KEPT_LOOK_S, Vault
from queuebit_quantum_adapter.credentials.vault_access import (
    KubernetesLogin,
    TokenFile,
    VaultAccess,
    wanted_in,
)
from queuebit_quantum_adapter.credentials.vault_client import Secret, VaultClient
from queuebit_quantum_adapter.errors import CredentialsMissing, VaultAway, VaultRefused
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from tests.fakes.certificates import write_pair
from tests.fakes.vault import WHISPER, FakeVault, Role, Token, a_vault

AWS = "aws/creds/queuebit"
SECRETS = f"AWS_ACCESS_KEY_ID={AWS}#access_key,AWS_SECRET_ACCESS_KEY={AWS}#secret_key"
IBM = "secret/data/ibm"
HOUR_S = 3600.0
RENEW = "PUT sys/leases/renew"
READ = f"GET {AWS}"


class World:
    """A Vault with an account that is made anew for whoever asks, and a store of keys and values."""

    def __init__(self, vault: FakeVault, folder: Path) -> None:
        self.vault = vault
        self.token = folder / "token"
        self.jwt = folder / "jwt"
        self.token.write_text("hvs.first\n")
        self.jwt.write_text("jwt-of-the-pod")
        vault.tokens["hvs.first"] = Token(1e9, 1e9, renewable=False)
        vault.roles[AWS] = Role(HOUR_S, 4 * HOUR_S)
        vault.kept[IBM] = {"token": "ibm-1", "number": 3}

    def source(self, secrets: str = SECRETS, entry: TokenFile | KubernetesLogin | None = None) -> Vault:
        wanted = wanted_in(secrets)
        access = VaultAccess(self.vault.url, entry or TokenFile(self.token), wanted)
        return Vault(VaultClient(access, self.now_s), wanted, self.now_s)

    def now_s(self) -> float:
        return self.vault.now_s

    def at_work(self, source: Vault, seconds: float, look_s: float = 30.0) -> Mapping[str, str]:
        """What the source holds after so long; at each look it opens something."""
        held: Mapping[str, str] = {}
        end_s = self.vault.now_s + seconds
        while self.vault.now_s < end_s:
            self.vault.now_s = min(self.vault.now_s + look_s, end_s)
            held = source.read()
            assert self.holds(held)
        return held

    def holds(self, held: Mapping[str, str]) -> bool:
        """Whether the account that is held opens something now."""
        nth = held["AWS_ACCESS_KEY_ID"].removeprefix("AKIA-")
        assert held["AWS_SECRET_ACCESS_KEY"] == f"secret-{nth}"
        return self.vault.leases[f"{AWS}/{nth}"].ends_s > self.vault.now_s


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_vault() as vault:
        yield World(vault, tmp_path)


def test_a_lease_is_renewed_and_the_account_stays_the_same(world: World) -> None:
    source = world.source()
    first = source.read()

    assert world.at_work(source, 3 * HOUR_S - 60) == first == {
        "AWS_ACCESS_KEY_ID": "AKIA-1",
        "AWS_SECRET_ACCESS_KEY": "secret-1",
    }  # fmt: skip
    assert (world.vault.times(READ), world.vault.times(RENEW)) == (1, 4)


def test_an_account_whose_lease_goes_no_further_is_had_anew_before_it_ends(world: World) -> None:
    """Given four hours at most, when the service runs for a day, then at each moment it holds an account that opens."""
    source = world.source()
    source.read()

    world.at_work(source, 24 * HOUR_S, look_s=60.0)

    assert 6 <= world.vault.times(READ) <= 9


def test_a_lease_that_cannot_be_renewed_is_had_anew_before_it_ends(world: World) -> None:
    """As those of AWS by STS."""
    world.vault.roles[AWS].renewable = False
    source = world.source()
    source.read()

    world.at_work(source, 10 * HOUR_S, look_s=60.0)

    assert (world.vault.times(RENEW), 15 <= world.vault.times(READ) <= 17) == (0, True)


def test_a_lease_that_was_revoked_is_had_anew(world: World) -> None:
    source = world.source()
    source.read()
    world.vault.leases.clear()
    world.vault.now_s += HOUR_S

    assert source.read()["AWS_ACCESS_KEY_ID"] == "AKIA-2"
    assert (world.vault.times(RENEW), world.vault.times(READ)) == (1, 2)


def test_what_is_only_kept_is_looked_at_every_minute(world: World) -> None:
    source = world.source(f"QISKIT_IBM_TOKEN={IBM}#token")
    assert source.read() == {"QISKIT_IBM_TOKEN": "ibm-1"}
    world.vault.kept[IBM] = {"token": "ibm-2"}
    world.vault.now_s += KEPT_LOOK_S - 1
    before = source.read()
    world.vault.now_s += 1

    assert (before, source.read()) == ({"QISKIT_IBM_TOKEN": "ibm-1"}, {"QISKIT_IBM_TOKEN": "ibm-2"})
    assert world.vault.times(f"GET {IBM}") == 2


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 307])
def test_while_vault_is_away_all_stays_and_it_is_asked_ever_more_rarely(
    world: World, fault: int, caplog: pytest.LogCaptureFixture
) -> None:
    source = world.source()
    first = source.read()
    world.vault.now_s += 2 * HOUR_S / 3
    world.vault.fault, asked = fault, len(world.vault.asked)
    with caplog.at_level(logging.ERROR):
        for _ in range(60):
            world.vault.now_s += AGAIN_S
            assert source.read() == first
    tried = len(world.vault.asked) - asked
    world.vault.fault = 0
    world.vault.now_s += 60.0

    assert world.holds(source.read())
    assert 6 <= tried <= 10
    assert "Vault" in caplog.text
    assert not [each for each in ("hvs.", "secret-1", WHISPER) if each in caplog.text]


def test_a_token_is_sent_to_nobody_to_whom_vault_leads(world: World) -> None:
    with a_vault() as other:
        world.vault.fault, world.vault.led_to = 307, f"{other.url}/v1/{AWS}"

        with pytest.raises(VaultAway):
            world.source().read()

        assert other.asked == []


def test_nothing_is_told_to_who_cannot_prove_to_be_vault(world: World, tmp_path: Path) -> None:
    """Given Vault behind TLS, then it is asked where its authority is named, and else sees no token."""
    certificate, key = write_pair(tmp_path, "vault")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    wanted = wanted_in(f"QISKIT_IBM_TOKEN={IBM}#token")
    with a_vault(context) as vault:
        vault.tokens, vault.kept = world.vault.tokens, world.vault.kept
        access = VaultAccess(vault.url, TokenFile(world.token), wanted)
        with pytest.raises(VaultAway, match="SSLError"):
            Vault(VaultClient(access, world.now_s), wanted, world.now_s).read()
        before = list(vault.asked)
        trusting = VaultClient(replace(access, ca_file=certificate), world.now_s)

        assert Vault(trusting, wanted, world.now_s).read() == {"QISKIT_IBM_TOKEN": "ibm-1"}
        assert before == []


def test_nobody_who_answers_is_told_of_by_its_error_name(world: World) -> None:
    wanted = wanted_in(SECRETS)
    access = VaultAccess("http://127.0.0.1:9", TokenFile(world.token), wanted)

    with pytest.raises(VaultAway, match="does not answer for") as caught:
        Vault(VaultClient(access, world.now_s), wanted, world.now_s).read()

    assert "QUEUEBIT_QUANTUM_VAULT_URL" in caught.value.remedy


def test_a_path_that_may_not_be_read_is_named_and_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    source = world.source(f"{SECRETS},QISKIT_IBM_TOKEN={IBM}#token")
    source.read()
    world.vault.forbidden.add(AWS)
    world.vault.roles[AWS].renewable = False
    world.vault.leases.clear()
    world.vault.kept[IBM] = {"token": "ibm-2"}
    world.vault.now_s += HOUR_S

    with caplog.at_level(logging.ERROR):
        held = source.read()

    assert held == {"AWS_ACCESS_KEY_ID": "AKIA-1", "AWS_SECRET_ACCESS_KEY": "secret-1", "QISKIT_IBM_TOKEN": "ibm-2"}
    assert f"does not let us use {AWS} (403)" in caplog.text
    assert WHISPER not in caplog.text


def test_an_account_whose_role_is_gone_stays_as_it_was_and_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    source = world.source(f"{SECRETS},QISKIT_IBM_TOKEN={IBM}#token")
    source.read()
    world.vault.roles.clear()
    world.vault.leases.clear()
    world.vault.kept[IBM] = {"token": "ibm-2"}
    world.vault.now_s += HOUR_S

    with caplog.at_level(logging.ERROR):
        held = source.read()

    assert held == {"AWS_ACCESS_KEY_ID": "AKIA-1", "AWS_SECRET_ACCESS_KEY": "secret-1", "QISKIT_IBM_TOKEN": "ibm-2"}
    assert f"does not give out {AWS} (400)" in caplog.text
    assert WHISPER not in caplog.text


def test_a_role_that_is_not_there_at_the_start_is_told_by_its_path(world: World) -> None:
    world.vault.roles.clear()

    with pytest.raises(VaultRefused, match=f"does not give out {AWS}") as caught:
        world.source().read()

    assert "QUEUEBIT_QUANTUM_VAULT_READS" in caught.value.remedy


def test_a_token_that_is_written_anew_is_used(world: World) -> None:
    """Given a token that ends, when an agent writes the next one, then the account is renewed with it."""
    world.vault.tokens["hvs.first"].ends_s = HOUR_S / 2
    source = world.source()
    source.read()
    world.token.write_text("hvs.second\n")
    world.vault.tokens["hvs.second"] = Token(1e9, 1e9, renewable=False)

    world.at_work(source, 2 * HOUR_S)

    assert (world.vault.times(RENEW), world.vault.times(READ)) == (3, 1)


def test_a_token_that_may_be_renewed_is_renewed_for_ever(world: World) -> None:
    world.vault.tokens["hvs.first"] = Token(600.0, 600.0)
    source = world.source()
    source.read()

    world.at_work(source, 2 * HOUR_S)

    assert 17 <= world.vault.times("POST auth/token/renew-self") <= 20


def test_a_service_account_logs_in_again_before_its_token_ends(world: World) -> None:
    world.vault.jwts["jwt-of-the-pod"] = "queuebit"
    source = world.source(entry=KubernetesLogin("queuebit", world.jwt, "kubernetes"))
    source.read()

    world.at_work(source, 2 * HOUR_S)

    assert 17 <= world.vault.times("POST auth/kubernetes/login") <= 20


def test_a_service_account_whose_token_is_revoked_logs_in_again(world: World) -> None:
    world.vault.jwts["jwt-of-the-pod"] = "queuebit"
    source = world.source(entry=KubernetesLogin("queuebit", world.jwt, "kubernetes"))
    source.read()
    world.vault.tokens.clear()
    world.vault.leases.clear()
    world.vault.roles[AWS].renewable = False
    world.vault.now_s += 2 * HOUR_S / 3
    source.read()
    world.vault.now_s += AGAIN_S

    assert source.read()["AWS_ACCESS_KEY_ID"] == "AKIA-2"


@pytest.mark.parametrize("role", ["other", "queuebit"])
def test_a_role_that_vault_does_not_know_is_told_by_its_name(world: World, role: str) -> None:
    world.vault.jwts["jwt-of-another"] = "queuebit"
    with pytest.raises(VaultRefused, match=f"role '{role}'"):
        world.source(entry=KubernetesLogin(role, world.jwt, "kubernetes")).read()


@pytest.mark.parametrize(
    ("secrets", "why"),
    [
        ("QISKIT_IBM_TOKEN=secret/data/none#token", "holds nothing at secret/data/none"),
        (f"QISKIT_IBM_TOKEN={IBM}#other", "has no other"),
        (f"QISKIT_IBM_TOKEN={IBM}#number", "has no number"),
    ],
)
def test_what_is_not_there_at_the_start_is_named(world: World, secrets: str, why: str) -> None:
    with pytest.raises(CredentialsMissing, match=why) as caught:
        world.source(secrets).read()

    assert "VARIABLE=path#field" in caught.value.remedy


def test_a_token_that_opens_nothing_is_told_and_not_shown(world: World) -> None:
    world.token.write_text("hvs.wrong")
    with pytest.raises(VaultRefused, match="403") as caught:
        world.source().read()

    assert "hvs.wrong" not in f"{caught.value} {caught.value.remedy}"
    world.token.unlink()
    with pytest.raises(CredentialsMissing, match="cannot be read"):
        world.source().read()


def test_what_is_had_is_not_shown_where_it_is_printed() -> None:
    assert "whisper" not in repr(Secret({"token": "whisper"}, "lease/whisper"))


WHOLE: Mapping[str, Any] = {
    "vault_url": "https://vault:8200/",
    "vault_reads": SECRETS,
    "vault_token_file": "/run/token",
}


def test_settings_say_how_vault_is_asked() -> None:
    assert AdapterSettings().vault is None
    assert AdapterSettings(**WHOLE).vault == VaultAccess(
        "https://vault:8200", TokenFile(Path("/run/token")), wanted_in(SECRETS)
    )
    pod = AdapterSettings(**{**WHOLE, "vault_token_file": None, "vault_role": "queuebit", "vault_namespace": "team"})
    login = KubernetesLogin("queuebit", Path("/var/run/secrets/kubernetes.io/serviceaccount/token"), "kubernetes")
    assert pod.vault == VaultAccess("https://vault:8200", login, wanted_in(SECRETS), "team")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"vault_url": "http://vault:8200"}, "in clear"),
        ({"vault_url": "https://user:word@vault"}, "should be an address"),
        ({"vault_url": "ftp://vault"}, "should be an address"),
        ({"vault_url": ""}, "both be set"),
        ({"vault_reads": ""}, "both be set"),
        ({"vault_token_file": None}, "one of them"),
        ({"vault_role": "queuebit"}, "one of them"),
        ({"vault_reads": "QUEUEBIT_PEPPER=a/b#c"}, "no name of a variable"),
        ({"vault_reads": "LD_PRELOAD=a/b#c"}, "no name of a variable"),
        ({"vault_reads": "A_TOKEN=a/../sys/raw#c"}, "should be written as"),
        ({"vault_reads": "A_TOKEN=a/b"}, "should be written as"),
        ({"vault_reads": "A_TOKEN=a#b,A_TOKEN=c#d"}, "stands twice"),
        ({"vault_reads": ",".join(f"A{nth}=a#b" for nth in range(51))}, "at most 50"),
    ],
)
def test_settings_that_are_wrong_are_refused_with_a_reason(changes: Mapping[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        AdapterSettings(**{**WHOLE, **changes})
