"""What an installation that is not for trying things may not do: speak in clear to another machine, or lean on a secret that
can be guessed. Pure: settings in, complaint out.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from queuebit_runtime.access.settings import Protocol

TRIALS = ("local", "dev", "test", "trial")
"""Environments in which all is allowed; names that go on with a dash, as `dev-anna`, too."""
KAFKA, POSTGRES = "kafka", "postgres"
VERIFIED = "verify-full"
SECRET_LENGTH_MIN, SECRET_LETTERS_MIN = 32, 10


def is_trial(environment: str) -> bool:
    """Whether things are tried there."""
    return environment.partition("-")[0] in TRIALS


def clear_kafka(bootstrap: str, protocol: Protocol) -> str | None:
    """What is wrong about the way to Kafka; None where nothing is. Brokers on this machine may be spoken to in clear."""
    if protocol.endswith("SSL") or all(_is_here(each.rpartition(":")[0]) for each in bootstrap.split(",")):
        return None
    return (
        f"QUEUEBIT_KAFKA_SECURITY_PROTOCOL is {protocol}, so that what is said to {bootstrap} can be read and changed on the"
        f" way: set it to SASL_SSL (and QUEUEBIT_KAFKA_CA_FILE). {_otherwise(KAFKA)}"
    )


def clear_postgres(url: str) -> str | None:
    """What is wrong about the way to PostgreSQL; None where nothing is. The host is named, never the URL: it has a password."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    # What stands before the @ is no host. Drivers differ on whether a host in the query comes before that in front: both count.
    before, at, behind = parts.netloc.partition("@")
    hosts = [behind if at else before, *asked.get("host", [])]
    named = [_host(each) for each in ",".join(filter(None, hosts)).split(",")]
    mode = asked.get("sslmode", ["prefer"])[-1]
    if mode == VERIFIED or all(each.startswith("/") or _is_here(each) for each in named):
        return None
    return (
        f"QUEUEBIT_POSTGRES leads to {', '.join(named)} with sslmode={mode}, so that nobody knows who answers there: add"
        f" sslmode={VERIFIED} to the URL (and sslrootcert=FILE where the authority is your own). {_otherwise(POSTGRES)}"
    )


def guessable(variable: str, secret: str) -> str | None:
    """What is wrong about a secret; None where nothing is. The secret is not told."""
    if len(secret) >= SECRET_LENGTH_MIN and len(set(secret)) >= SECRET_LETTERS_MIN:
        return None
    return (
        f"{variable} has fewer than {SECRET_LENGTH_MIN} characters, or fewer than {SECRET_LETTERS_MIN} different ones: make"
        " one with `openssl rand -hex 32`."
    )


def complaint_in(
    environment: str, plaintext: Sequence[str], bootstrap: str, protocol: Protocol, postgres: str | None
) -> str | None:
    """The first thing that an installation of this name may not do; None where all is well, or things are only tried."""
    if is_trial(environment):
        return None
    found = clear_kafka(bootstrap, protocol) if KAFKA not in plaintext else None
    if found is None and postgres and POSTGRES not in plaintext:
        found = clear_postgres(postgres)
    return None if found is None else f"{found} QUEUEBIT_ENVIRONMENT is {environment}."


def _otherwise(what: str) -> str:
    return (
        f"Where the network itself encrypts, name {what} in QUEUEBIT_PLAINTEXT; where things are only tried, set"
        f" QUEUEBIT_ENVIRONMENT to one of {', '.join(TRIALS)}."
    )


def _host(place: str) -> str:
    """The host of `host:port`, without brackets."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0] if place.count(":") == 1 else place


def _is_here(host: str) -> bool:
    """Whether it is this machine by its address or by the one name that never leads elsewhere."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False
