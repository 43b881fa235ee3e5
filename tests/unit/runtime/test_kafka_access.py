"""What an operator sets for Kafka: it fits together or is refused by name, and no secret is shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from queuebit_devstack.kafka_tls import ensure_certificates, tls_files
from queuebit_runtime.access.settings import KafkaAccess, access_env, access_from, client_options
from queuebit_runtime.service.settings import complaints

SECRET = "hunter2"
SCRAM = {
    "QUEUEBIT_KAFKA": "h:1,h:2",
    "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "QUEUEBIT_KAFKA_USERNAME": "gateway",
    "QUEUEBIT_KAFKA_PASSWORD": SECRET,
}


def test_without_settings_a_client_speaks_plainly() -> None:
    assert client_options(access_from({})) == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_user_and_a_password_reach_the_client(mechanism: str) -> None:
    assert client_options(access_from(SCRAM | {"QUEUEBIT_KAFKA_SASL_MECHANISM": mechanism})) == {
        "bootstrap_servers": ["h:1", "h:2"],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "gateway",
        "sasl_plain_password": SECRET,
    }


def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    own = {**SCRAM, "QUEUEBIT_KAFKA_PASSWORD": "", "QUEUEBIT_KAFKA_PASSWORD_FILE": str(file)}
    assert client_options(access_from(own))["sasl_plain_password"] == SECRET


def test_tls_trusts_the_named_authority_and_shows_the_named_certificate(tmp_path: Path) -> None:
    files = tls_files(tmp_path)
    ensure_certificates(files)
    own = {
        "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SSL",
        "QUEUEBIT_KAFKA_CA_FILE": str(files.ca),
        "QUEUEBIT_KAFKA_CERTIFICATE_FILE": str(files.server),
    }
    context = client_options(access_from(own))["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert "Queuebit local Kafka" in str(context.get_ca_certs())
    assert context.check_hostname


def test_an_access_survives_the_way_through_the_environment_whatever_else_is_set(tmp_path: Path) -> None:
    access = access_from(SCRAM)
    stray = {"QUEUEBIT_KAFKA_CA_FILE": "/elsewhere", "QUEUEBIT_KAFKA_PASSWORD_FILE": "/elsewhere"}
    assert access_from(stray | access_env(access)) == access


def test_no_secret_is_shown() -> None:
    access = access_from(SCRAM | {"QUEUEBIT_KAFKA_OAUTH_CLIENT_SECRET": SECRET, "QUEUEBIT_KAFKA_KEY_PASSWORD": SECRET})
    assert SECRET not in repr(access) + str(access) + access.model_dump_json()
    with pytest.raises(ValidationError) as caught:
        access_from(SCRAM | {"QUEUEBIT_KAFKA_USERNAME": ""})
    assert SECRET not in str(caught.value) + complaints(caught.value)


WRONG = [
    ({"QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL"}, "QUEUEBIT_KAFKA_SECURITY_PROTOCOL: Input should be", "'SASL_SSL'"),
    ({"QUEUEBIT_KAFKA_SASL_MECHANISM": "SCRAM"}, "QUEUEBIT_KAFKA_SASL_MECHANISM: Input should be", "'OAUTHBEARER'"),
    ({"QUEUEBIT_KAFKA_USERNAME": "x"}, "QUEUEBIT_KAFKA_USERNAME is set, but", "set that to SASL_SSL or SASL_PLAINTEXT"),
    ({**SCRAM, "QUEUEBIT_KAFKA_USERNAME": ""}, "needs a user", "set QUEUEBIT_KAFKA_USERNAME"),
    ({**SCRAM, "QUEUEBIT_KAFKA_PASSWORD": ""}, "without a password", "set QUEUEBIT_KAFKA_PASSWORD or"),
    (
        {**SCRAM, "QUEUEBIT_KAFKA_PASSWORD_FILE": __file__},
        "QUEUEBIT_KAFKA_PASSWORD and QUEUEBIT_KAFKA_PASSWORD_FILE",
        "out",
    ),
    ({**SCRAM, "QUEUEBIT_KAFKA_PASSWORD_FILE": "/none"}, "QUEUEBIT_KAFKA_PASSWORD_FILE names /none", "name a file"),
    (
        {**SCRAM, "QUEUEBIT_KAFKA_CA_FILE": __file__},
        "QUEUEBIT_KAFKA_CA_FILE is set, but",
        "set that to SASL_SSL or SSL",
    ),
    (
        {**SCRAM, "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "QUEUEBIT_KAFKA_CA_FILE": __file__},
        "TLS cannot be set up from QUEUEBIT_KAFKA_CA_FILE",
        "PEM format",
    ),
    (
        {"QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SSL", "QUEUEBIT_KAFKA_KEY_FILE": __file__},
        "QUEUEBIT_KAFKA_KEY_FILE is set without its certificate",
        "set QUEUEBIT_KAFKA_CERTIFICATE_FILE",
    ),
    ({**SCRAM, "QUEUEBIT_KAFKA_SASL_MECHANISM": "OAUTHBEARER"}, "needs a token", "set QUEUEBIT_KAFKA_OAUTH_TOKEN_FILE"),
    (
        {
            "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "QUEUEBIT_KAFKA_SASL_MECHANISM": "OAUTHBEARER",
            "QUEUEBIT_KAFKA_OAUTH_TOKEN_URL": "https://login/token",
        },
        "QUEUEBIT_KAFKA_OAUTH_TOKEN_URL is set without credentials",
        "set QUEUEBIT_KAFKA_OAUTH_CLIENT_ID",
    ),
]


@pytest.mark.parametrize(("environ", "problem", "remedy"), WRONG)
def test_what_does_not_fit_together_is_named_with_what_to_do(
    environ: dict[str, str], problem: str, remedy: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        access_from(environ)
    said = complaints(caught.value)
    assert problem in said
    assert remedy in said
    assert said.count("QUEUEBIT_") == len([word for word in said.split() if "QUEUEBIT_" in word])


def test_an_access_is_a_value() -> None:
    assert KafkaAccess(kafka="h:1") == KafkaAccess(kafka="h:1")
