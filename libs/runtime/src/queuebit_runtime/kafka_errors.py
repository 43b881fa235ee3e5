"""Foreign errors of the Kafka client, wrapped once."""

from __future__ import annotations

from aiokafka import errors as kafka  # type: ignore[import-untyped]

from queuebit_runtime.errors import BusError, RecordTooLarge

TOO_LARGE = (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError, kafka.RecordTooLargeError)


def wrapped(error: BaseException) -> BusError:
    """The error in our own words."""
    if isinstance(error, BusError):
        return error
    if isinstance(error, TOO_LARGE):
        return RecordTooLarge(f"The broker refuses a record of this size: {error!r}")
    return BusError(f"Kafka could not do it: {error!r}")
