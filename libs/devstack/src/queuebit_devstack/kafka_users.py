"""The users of the local Kafka: made once a data folder, kept in it, readable by its owner alone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from queuebit_devstack.private import write_private
from queuebit_runtime.access.rules import DOWNSTREAM, PRINCIPALS, UPSTREAM
from queuebit_runtime.access.settings import KafkaAccess

ADMIN = "admin"
BROKER = "broker"
CONTROLLER = "controller"
SUPER_USERS = (ADMIN, BROKER, CONTROLLER)
OUTSIDERS = (UPSTREAM, DOWNSTREAM)
MECHANISM = "SCRAM-SHA-512"
_FOLDER = "kafka-users"


def passwords_file(data_dir: Path) -> Path:
    """Where the passwords of all users lie, as a JSON object."""
    return data_dir / _FOLDER / "passwords.json"


def client_file(data_dir: Path, principal: str) -> Path:
    """Where a stock client finds what it needs to connect as an outsider."""
    return data_dir / _FOLDER / f"{principal}.json"


def load_passwords(data_dir: Path) -> dict[str, str]:
    """By user; empty where none were made."""
    path = passwords_file(data_dir)
    return json.loads(path.read_text()) if path.exists() else {}


def ensure_passwords(data_dir: Path) -> dict[str, str]:
    """Those that are kept, and new ones for users that have none yet."""
    kept = load_passwords(data_dir)
    found = {user: kept.get(user) or secrets.token_urlsafe(24) for user in (*SUPER_USERS, *PRINCIPALS)}
    if found != kept:
        write_private(passwords_file(data_dir), json.dumps(found, indent=2) + "\n")
    return found


def access_as(bootstrap: str, user: str, passwords: Mapping[str, str], ca: Path | None) -> KafkaAccess:
    """How `user` reaches the local Kafka. `ca`: the authority that it must trust, where TLS is on."""
    return KafkaAccess(
        kafka=bootstrap,
        kafka_security_protocol="SASL_PLAINTEXT" if ca is None else "SASL_SSL",
        kafka_sasl_mechanism=MECHANISM,
        kafka_username=user,
        kafka_password=SecretStr(passwords[user]),
        kafka_ca_file=ca,
    )


def write_client_files(data_dir: Path, bootstrap: str, passwords: Mapping[str, str], ca: Path | None) -> None:
    """One file for each outsider, whose entries are what kafka-python calls its arguments."""
    for user in OUTSIDERS:
        access = access_as(bootstrap, user, passwords, ca)
        document = {
            "bootstrap_servers": access.kafka,
            "security_protocol": access.kafka_security_protocol,
            "sasl_mechanism": access.kafka_sasl_mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": passwords[user],
            **({} if ca is None else {"ssl_cafile": str(ca)}),
        }
        write_private(client_file(data_dir, user), json.dumps(document, indent=2) + "\n")
