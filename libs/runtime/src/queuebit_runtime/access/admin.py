"""Rules, users and quotas on a Kafka cluster. aiokafka sets none of them; kafka-python does, and blocks: call it in threads."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka.admin import (  # type: ignore[import-untyped]
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, for_code  # type: ignore[import-untyped]
from kafka.net.sasl.oauth import AbstractTokenProvider  # type: ignore[import-untyped]
from kafka.protocol.admin import AlterClientQuotasRequest  # type: ignore[import-untyped]

from queuebit_runtime.access.oauth import TokenSource
from queuebit_runtime.access.rules import Rule
from queuebit_runtime.access.settings import KafkaAccess, client_options, token_source
from queuebit_runtime.errors import AccessDenied, BusError

ANSWER_TIMEOUT_S = 10.0
ITERATIONS = 4096
PRODUCE_QUOTA = "producer_byte_rate"
_OPERATIONS = {"read": ACLOperation.READ, "write": ACLOperation.WRITE}
_RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}


def apply_rules(access: KafkaAccess, rules: Sequence[Rule]) -> tuple[int, int]:
    """Grant what is not granted yet, and withdraw what these principals may do on these topics beyond the rules.

    Returns how many were granted and withdrawn. Raises BusError, and AccessDenied where this user may not.
    """
    with _admin(access) as admin:
        wanted = {_acl(rule) for rule in rules}
        present = set(_granted(admin))
        missing = sorted(wanted - present, key=str)
        if missing:
            _check(admin.create_acls(missing)["failed"])
        topics = {rule.name for rule in rules if rule.resource == "topic"}
        principals = {acl.principal for acl in wanted}
        extra = [
            acl
            for acl in present - wanted
            if acl.principal in principals
            and acl.resource_pattern.resource_type == ResourceType.TOPIC
            and acl.resource_pattern.resource_name in topics
        ]
        if extra:
            _check(error for _, _, error in admin.delete_acls([_exactly(acl) for acl in extra]))
        return len(missing), len(extra)


def set_passwords(access: KafkaAccess, passwords: Mapping[str, str]) -> None:
    """Give each user its SCRAM-SHA-512 password; who is not there yet is created. Raises BusError."""
    users = [
        UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password, iterations=ITERATIONS)
        for user, password in passwords.items()
    ]
    with _admin(access) as admin:
        answers: dict[str, str | None] = admin.alter_user_scram_credentials(users)
    refused = {user: message for user, message in answers.items() if message is not None}
    if refused:
        raise AccessDenied(f"Kafka does not set passwords: {refused}.")


def limit_upstream(access: KafkaAccess, user: str, bytes_per_s: int | None) -> None:
    """Let each client of the user publish so many bytes a second at most, None: as much as it will. The broker answers a client
    that sends more later, and takes nothing more from it meanwhile; no record is refused. Raises BusError, AccessDenied.
    """
    quota = (PRODUCE_QUOTA, 0.0 if bytes_per_s is None else float(bytes_per_s), bytes_per_s is None)
    entity = [("user", user), ("client-id", None)]
    request = AlterClientQuotasRequest(entries=[(entity, [quota])], validate_only=False)
    with _admin(access) as admin:
        answer = admin._manager.run(admin._manager.send, request)
    refused = [
        entry.error_message or for_code(entry.error_code).__name__ for entry in answer.entries if entry.error_code
    ]
    if refused:
        raise AccessDenied(f"Kafka does not set a quota: {refused}.")


class _Token(AbstractTokenProvider):  # type: ignore[misc]
    def __init__(self, source: TokenSource) -> None:
        super().__init__()
        self._source = source

    def token(self) -> str:
        return self._source.token()


@contextlib.contextmanager
def _admin(access: KafkaAccess) -> Iterator[KafkaAdminClient]:
    options: dict[str, Any] = client_options(access)
    if "sasl_oauth_token_provider" in options:
        options["sasl_oauth_token_provider"] = _Token(token_source(access))
    timeout_ms = int(ANSWER_TIMEOUT_S * 1000)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        admin = KafkaAdminClient(
            **options, client_id="queuebit-access", request_timeout_ms=timeout_ms, bootstrap_timeout_ms=timeout_ms
        )
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise BusError(f"Kafka does not set rights: {error!r}") from error


def _granted(admin: KafkaAdminClient) -> Sequence[ACL]:
    everything = ACLFilter(
        None,
        None,
        ACLOperation.ANY,
        ACLPermissionType.ALLOW,
        ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
    found, error = admin.describe_acls(everything)
    _check([error])
    return tuple(found)


def _check(errors: Any) -> None:
    for error in errors:
        kind = error if isinstance(error, type) else type(error)
        if getattr(kind, "errno", 0):
            raise AccessDenied(f"Kafka does not set rights: {kind.__name__}.")


def _acl(rule: Rule) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if rule.prefixed else ACLResourcePatternType.LITERAL
    return ACL(
        f"User:{rule.principal}",
        "*",
        _OPERATIONS[rule.operation],
        ACLPermissionType.ALLOW,
        ResourcePattern(_RESOURCES[rule.resource], rule.name, pattern),
    )


def _exactly(acl: ACL) -> ACLFilter:
    pattern = acl.resource_pattern
    return ACLFilter(
        acl.principal,
        acl.host,
        acl.operation,
        acl.permission_type,
        ResourcePatternFilter(pattern.resource_type, pattern.resource_name, pattern.pattern_type),
    )
