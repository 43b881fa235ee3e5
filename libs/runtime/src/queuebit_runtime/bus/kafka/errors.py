"""Foreign errors of the Kafka client, wrapped once."""

from __future__ import annotations

from aiokafka import errors as kafka  # type: ignore[import-untyped]

from queuebit_runtime.errors import AccessDenied, BusError, LoginRefused, RecordTooLarge

TOO_LARGE = (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError, kafka.RecordTooLargeError)
DENIED = (
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.TransactionalIdAuthorizationFailed,
)
NOT_LET_IN = (kafka.SaslAuthenticationFailed, kafka.UnsupportedSaslMechanismError, kafka.IllegalSaslStateError)


def wrapped(error: BaseException) -> BusError:
    """The error in our own words."""
    if isinstance(error, BusError):
        return error
    if isinstance(error, TOO_LARGE):
        return RecordTooLarge(f"The broker refuses a record of this size: {error!r}")
    if isinstance(error, DENIED):
        return AccessDenied(f"Kafka does not allow it to this user: {error!r}")
    if isinstance(error, NOT_LET_IN):
        return LoginRefused(f"Kafka does not let us in: {error!r}")
    return BusError(f"Kafka could not do it: {error!r}")
