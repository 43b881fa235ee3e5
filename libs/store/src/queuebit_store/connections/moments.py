"""Moments on the wire, cheaper than the driver's own way: it makes a new datetime of every value in several steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts microseconds from here."""


async def teach_moments(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Have a connection read and write timestamptz by the functions below."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=moment_encoder(), decoder=moment_decoder(), format="tuple"
    )


def encode_moment(moment: datetime) -> tuple[int]:
    """The microseconds of a moment. Raises TypeError for a datetime without a time zone: it names no moment."""
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds,)


def moment_encoder() -> Callable[[datetime], tuple[int]]:
    """An encoder that remembers the last moment: the events of one decision share theirs."""
    known: datetime | None = None
    value = (0,)

    def encode(moment: datetime) -> tuple[int]:
        nonlocal known, value
        if moment is not known:
            value, known = encode_moment(moment), moment
        return value

    return encode


def moment_decoder() -> Callable[[tuple[int]], datetime]:
    """A decoder that remembers the last moment: the events of one append have the same, and come together."""
    known: tuple[int] | None = None
    moment = _EPOCH

    def decode(value: tuple[int]) -> datetime:
        nonlocal known, moment
        if value != known:
            known, moment = value, _EPOCH + timedelta(microseconds=value[0])
        return moment

    return decode
