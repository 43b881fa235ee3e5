"""Insecure defaults are for trying things: elsewhere a service refuses to start, and says what to set."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from queuebit_runtime.service.insecure import complaint_in, guessable, is_trial
from queuebit_runtime.service.settings import RuntimeSettings, complaints

VERIFIED = "postgresql://u:geheim@db.example.com/q?sslmode=verify-full"


def complaint(
    environment: str = "production",
    plaintext: tuple[str, ...] = (),
    kafka: str = "kafka.example.com:9093",
    protocol: str = "SASL_SSL",
    postgres: str | None = VERIFIED,
) -> str | None:
    return complaint_in(environment, plaintext, kafka, protocol, postgres)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "trial"),
    [
        ("local", True),
        ("dev", True),
        ("dev-anna", True),
        ("test", True),
        ("trial", True),
        ("production", False),
        ("staging", False),
        ("development", False),
        ("", False),
        ("prod-dev", False),
    ],
)
def test_what_is_a_trial_is_said_by_its_name(environment: str, trial: bool) -> None:
    assert is_trial(environment) is trial


def test_what_is_encrypted_and_verified_is_let_be() -> None:
    assert complaint() is None
    assert complaint(postgres=None) is None
    assert complaint(protocol="SSL") is None


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_kafka_in_clear_to_another_machine_is_refused(protocol: str) -> None:
    found = complaint(protocol=protocol)
    assert found is not None
    assert all(
        word in found
        for word in ("QUEUEBIT_KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "QUEUEBIT_PLAINTEXT", "QUEUEBIT_ENVIRONMENT")
    )


@pytest.mark.parametrize(
    "bootstrap", ["127.0.0.1:9092", "localhost:9092,127.0.0.2:9093", "[::1]:9092", "localhost:9092"]
)
def test_brokers_on_this_machine_may_be_spoken_to_in_clear(bootstrap: str) -> None:
    assert complaint(kafka=bootstrap, protocol="PLAINTEXT") is None


@pytest.mark.parametrize("bootstrap", ["127.0.0.1:9092,kafka:9092", "localhost.example.com:9092", "10.0.0.1:9092"])
def test_one_broker_elsewhere_is_one_too_many(bootstrap: str) -> None:
    assert complaint(kafka=bootstrap, protocol="PLAINTEXT") is not None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim@db.example.com:5432/q",
        "postgresql://u:geheim@db.example.com/q?sslmode=require",
        "postgresql://u:geheim@db.example.com/q?sslmode=verify-ca",
        "postgresql://u:geheim@db.example.com/q?sslmode=verify-full&sslmode=disable",
        "postgresql://u:geheim@127.0.0.1:5432,db.example.com:5432/q",
        "postgresql://u:geheim@127.0.0.1/q?host=db.example.com",
        "postgresql://u:geheim@[2001:db8::1]:5432/q",
    ],
)
def test_a_database_elsewhere_that_is_not_verified_is_refused_without_telling_its_password(url: str) -> None:
    found = complaint(postgres=url)
    assert found is not None
    assert "geheim" not in found
    assert "sslmode=verify-full" in found
    assert "QUEUEBIT_POSTGRES" in found


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1:5432/q",
        "postgresql://u:p@localhost/q",
        "postgresql://u:p@[::1]:5432/q",
        "postgresql:///q?host=/run/postgresql",
    ],
)
def test_a_database_on_this_machine_needs_no_certificate(url: str) -> None:
    assert complaint(postgres=url) is None


def test_who_says_that_the_network_encrypts_is_believed_for_what_is_named() -> None:
    clear = {"protocol": "PLAINTEXT", "postgres": "postgresql://u:p@db.example.com/q"}
    assert complaint(plaintext=("kafka", "postgres"), **clear) is None
    left = complaint(plaintext=("kafka",), **clear)
    assert left is not None
    assert left.startswith("QUEUEBIT_POSTGRES")


def test_trials_may_do_anything() -> None:
    assert complaint("dev", protocol="PLAINTEXT", postgres="postgresql://u:p@db/q") is None


@pytest.mark.parametrize("secret", ["x" * 64, "changeme", "0123456789abcdef", "ab" * 40])
def test_a_secret_that_can_be_guessed_is_named_and_not_told(secret: str) -> None:
    found = guessable("QUEUEBIT_PEPPER", secret)
    assert found is not None
    assert "QUEUEBIT_PEPPER" in found
    assert secret not in found


def test_a_secret_as_the_remedy_makes_it_is_taken() -> None:
    assert guessable("QUEUEBIT_PEPPER", "9f2c1b7e4d8a6035c1e2f49b7d80a6f3") is None


def test_a_service_refuses_its_settings_by_the_names_of_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every service reads them."""
    monkeypatch.setenv("QUEUEBIT_ENVIRONMENT", "production")
    monkeypatch.setenv("QUEUEBIT_KAFKA", "kafka.example.com:9092")
    with pytest.raises(ValidationError) as caught:
        RuntimeSettings()
    assert complaints(caught.value).startswith("QUEUEBIT_KAFKA_SECURITY_PROTOCOL is PLAINTEXT")

    monkeypatch.setenv("QUEUEBIT_PLAINTEXT", "kafka")
    assert RuntimeSettings().plaintext == ("kafka",)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim@db.example.com/q?host=/run/postgresql",
        "postgresql://u:geheim@db.example.com/q?host=localhost",
        "postgresql://u:x,geheim,y@db.example.com/q",
        "postgresql:///q?host=localhost&host=db.example.com",
    ],
)
def test_the_host_is_the_one_that_is_connected_to_and_no_part_of_a_password_is_told(url: str) -> None:
    found = complaint(postgres=url)
    assert found is not None
    assert "db.example.com" in found
    assert "geheim" not in found
