"""Where Kafka is, who we are there, and how we speak to it: the settings of every Kafka client of ours."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from queuebit_runtime.access.oauth import ClientCredentials, FileToken, TokenSource

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
Codec = Literal["none", "gzip", "snappy", "lz4", "zstd"]


class KafkaAccess(BaseModel):
    """What a client needs to reach Kafka."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka: str = "127.0.0.1:9092"
    """Bootstrap list, host:port separated by commas."""
    kafka_security_protocol: Protocol = "PLAINTEXT"
    """With a login (SASL) or not, over TLS (SSL) or not."""
    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    """How we prove who we are, where the protocol has a login."""
    kafka_username: str | None = None
    """Who we are, for PLAIN and SCRAM."""
    kafka_password: SecretStr | None = None
    """The password of that user."""
    kafka_password_file: Path | None = None
    """A file with the password, instead."""
    kafka_ca_file: Path | None = None
    """The authorities to trust, in PEM; none: those of the machine."""
    kafka_certificate_file: Path | None = None
    """Our own certificate, in PEM, where the broker asks for one; its key may stand in the same file."""
    kafka_key_file: Path | None = None
    """The key of our own certificate, in PEM."""
    kafka_key_password: SecretStr | None = None
    """What that key is encrypted with."""
    kafka_oauth_token_file: Path | None = None
    """A file with a bearer token for OAUTHBEARER, which somebody keeps fresh: it is read for each connection."""
    kafka_oauth_token_url: Annotated[str | None, Field(pattern=r"^https?://")] = None
    """Where bearer tokens for OAUTHBEARER are asked for with client credentials, instead."""
    kafka_oauth_client_id: str | None = None
    """Who asks for a token."""
    kafka_oauth_client_secret: SecretStr | None = None
    """The secret of who asks for a token."""
    kafka_oauth_client_secret_file: Path | None = None
    """A file with that secret, instead."""
    kafka_oauth_scope: str | None = None
    """The scope to ask a token for."""

    @property
    def uses_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL_")

    @property
    def uses_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (complaint := complaint_about(self)) is not None:
            raise ValueError(complaint)
        return self


def complaint_about(access: KafkaAccess) -> str | None:
    """What does not fit together, as a sentence that names the variables and what to do; none where all is well."""
    return _files(access) or (_sasl(access) if access.uses_sasl else _no_sasl(access)) or _tls(access)


def access_from(environ: Mapping[str, str]) -> KafkaAccess:
    """As the services read it from their environment. Raises pydantic's ValidationError."""
    found = {name: environ.get(_variable(name)) for name in KafkaAccess.model_fields}
    return KafkaAccess.model_validate({name: value for name, value in found.items() if value})


def access_env(access: KafkaAccess) -> dict[str, str]:
    """The environment that gives this access, whatever else was set: every variable is in it."""
    return {_variable(name): _text(getattr(access, name)) for name in KafkaAccess.model_fields}


def client_options(access: KafkaAccess) -> dict[str, Any]:
    """The keyword arguments of aiokafka's clients. Reads the files that the settings name."""
    options: dict[str, Any] = {
        "bootstrap_servers": access.kafka.split(","),
        "security_protocol": access.kafka_security_protocol,
    }
    if access.uses_tls:
        options["ssl_context"] = _tls_context(access)
    if not access.uses_sasl:
        return options
    options["sasl_mechanism"] = access.kafka_sasl_mechanism
    if access.kafka_sasl_mechanism == "OAUTHBEARER":
        options["sasl_oauth_token_provider"] = token_source(access).for_aiokafka()
    else:
        options["sasl_plain_username"] = access.kafka_username
        options["sasl_plain_password"] = _secret(access.kafka_password, access.kafka_password_file)
    return options


def token_source(access: KafkaAccess) -> TokenSource:
    """Where the bearer tokens come from."""
    if access.kafka_oauth_token_file is not None:
        return FileToken(access.kafka_oauth_token_file)
    assert access.kafka_oauth_token_url is not None
    return ClientCredentials(
        access.kafka_oauth_token_url,
        access.kafka_oauth_client_id or "",
        _secret(access.kafka_oauth_client_secret, access.kafka_oauth_client_secret_file),
        access.kafka_oauth_scope,
    )


def _files(access: KafkaAccess) -> str | None:
    for name, value in access:
        if not isinstance(value, Path):
            continue
        variable = _variable(name)
        try:
            value.open("rb").close()
        except OSError as error:
            return f"{variable} names {value}, which cannot be read ({error.strerror}): name a file that this user may read."
        given = name.removesuffix("_file")
        if isinstance(getattr(access, given, None), SecretStr):
            return f"{_variable(given)} and {variable} are both set: leave one of them out."
    return None


def _no_sasl(access: KafkaAccess) -> str | None:
    needing = ("username", "password", "password_file", "oauth_token_file", "oauth_token_url")
    for name in needing:
        if getattr(access, f"kafka_{name}") is not None:
            return (
                f"QUEUEBIT_KAFKA_{name.upper()} is set, but QUEUEBIT_KAFKA_SECURITY_PROTOCOL is"
                f" {access.kafka_security_protocol}, which never uses it: set that to SASL_SSL or SASL_PLAINTEXT."
            )
    return None


def _sasl(access: KafkaAccess) -> str | None:
    if access.kafka_sasl_mechanism == "OAUTHBEARER":
        if access.kafka_oauth_token_file is not None:
            return None
        if access.kafka_oauth_token_url is None:
            return (
                "QUEUEBIT_KAFKA_SASL_MECHANISM is OAUTHBEARER, which needs a token: set QUEUEBIT_KAFKA_OAUTH_TOKEN_FILE,"
                " or QUEUEBIT_KAFKA_OAUTH_TOKEN_URL with QUEUEBIT_KAFKA_OAUTH_CLIENT_ID and"
                " QUEUEBIT_KAFKA_OAUTH_CLIENT_SECRET."
            )
        if not access.kafka_oauth_client_id or not (
            access.kafka_oauth_client_secret or access.kafka_oauth_client_secret_file
        ):
            return (
                "QUEUEBIT_KAFKA_OAUTH_TOKEN_URL is set without credentials: set QUEUEBIT_KAFKA_OAUTH_CLIENT_ID and"
                " QUEUEBIT_KAFKA_OAUTH_CLIENT_SECRET (or QUEUEBIT_KAFKA_OAUTH_CLIENT_SECRET_FILE)."
            )
        return None
    if not access.kafka_username:
        return (
            f"QUEUEBIT_KAFKA_SECURITY_PROTOCOL is {access.kafka_security_protocol}, which needs a user: set"
            " QUEUEBIT_KAFKA_USERNAME."
        )
    if access.kafka_password is None and access.kafka_password_file is None:
        return "QUEUEBIT_KAFKA_USERNAME is set without a password: set QUEUEBIT_KAFKA_PASSWORD or QUEUEBIT_KAFKA_PASSWORD_FILE."
    return None


def _tls(access: KafkaAccess) -> str | None:
    given = [
        name for name in ("ca_file", "certificate_file", "key_file") if getattr(access, f"kafka_{name}") is not None
    ]
    if not access.uses_tls:
        if given:
            return (
                f"QUEUEBIT_KAFKA_{given[0].upper()} is set, but QUEUEBIT_KAFKA_SECURITY_PROTOCOL is"
                f" {access.kafka_security_protocol}, which has no TLS: set that to SASL_SSL or SSL."
            )
        return None
    if access.kafka_key_file is not None and access.kafka_certificate_file is None:
        return "QUEUEBIT_KAFKA_KEY_FILE is set without its certificate: set QUEUEBIT_KAFKA_CERTIFICATE_FILE."
    try:
        _tls_context(access)
    except (ssl.SSLError, OSError, ValueError) as error:
        names = " and ".join(f"QUEUEBIT_KAFKA_{name.upper()}" for name in given)
        return f"TLS cannot be set up from {names} ({error}): name files in PEM format that belong together."
    return None


def _tls_context(access: KafkaAccess) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=access.kafka_ca_file)
    if access.kafka_certificate_file is not None:
        key_password = access.kafka_key_password
        context.load_cert_chain(
            access.kafka_certificate_file,
            access.kafka_key_file,
            # Without one OpenSSL would ask for it at the terminal.
            password="" if key_password is None else key_password.get_secret_value(),
        )
    return context


def _variable(name: str) -> str:
    return f"QUEUEBIT_{name.upper()}"


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


def _secret(value: SecretStr | None, file: Path | None) -> str:
    if value is not None:
        return value.get_secret_value()
    assert file is not None
    return file.read_text().strip("\r\n")
