"""What is kept holds no secret, and is otherwise what it was."""

from __future__ import annotations

import pytest

from queuebit_quantum_adapter.evidence.secrets import secrets_of, without_secrets

ENV = {
    "QISKIT_IBM_TOKEN": "0123456789abcdef",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "LEAP_API_KEY": "DEV-0123456789abcdef-more",
    "SHORT_TOKEN": "x",
    "PATH": "/usr/bin:/bin",
}
JWT = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJxdWV1ZWJpdCJ9.c2lnbmF0dXJl-_0123"


def test_the_values_of_secret_variables_are_known_the_longest_first() -> None:
    assert secrets_of(ENV) == (b"DEV-0123456789abcdef-more", b"wJalrXUtnFEMI/K7MDENG", b"0123456789abcdef")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b'{"id":"job-1","tags":["queuebit:7"]}', b'{"id":"job-1","tags":["queuebit:7"]}'),
        (b"token is 0123456789abcdef.", b"token is [secret]."),
        (b'{"access_token": "short", "expires_in": 60}', b'{"access_token": "[secret]", "expires_in": 60}'),
        (b'{"APIKEY":"x y"}', b'{"APIKEY":"[secret]"}'),
        (b"Authorization: Bearer abc.def", b"Authorization: Bearer [secret]"),
        (b'"' + JWT + b'"', b'"[secret]"'),
        (
            b'{"url":"https://cos/x?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=00ff&part=1"}',
            b'{"url":"https://cos/x?X-Amz-Credential=[secret]&X-Amz-Signature=[secret]&part=1"}',
        ),
        (
            b'{"url":"https://cos/x?part=1\\u0026X-Amz-Signature=00ff\\u0026sig=ab%2B"}',
            b'{"url":"https://cos/x?part=1\\u0026X-Amz-Signature=[secret]\\u0026sig=[secret]"}',
        ),
        (b'{"token": "short", "nextToken": "page-2"}', b'{"token": "[secret]", "nextToken": "page-2"}'),
    ],
    ids=[
        "nothing",
        "of the environment",
        "a field",
        "in any case",
        "a bearer",
        "a token",
        "a signed address",
        "a signed address as Go writes it",
        "a token by its name",
    ],
)
def test_a_secret_is_taken_out_and_nothing_else(said: bytes, kept: bytes) -> None:
    assert without_secrets(said, secrets_of(ENV)) == kept
