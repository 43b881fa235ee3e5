"""Moments on the wire: microseconds since the year 2000."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from queuebit_store.connections.moments import encode_moment, moment_decoder, moment_encoder

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOMENTS = (
    EPOCH,
    EPOCH - timedelta(microseconds=1),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2026, 3, 1, 12, 0, 0, 123_456, UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(1, 1, 1, tzinfo=UTC),
)


def test_every_moment_comes_back_whatever_came_before() -> None:
    decode, encode = moment_decoder(), moment_encoder()

    for moment in (*MOMENTS, *reversed(MOMENTS)):
        assert decode(encode(moment)) == moment
        assert decode(encode(moment)) == moment


def test_a_moment_is_the_same_in_every_time_zone() -> None:
    there = datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))

    assert encode_moment(there) == encode_moment(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    assert moment_decoder()(encode_moment(there)).tzinfo is UTC


def test_a_datetime_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        encode_moment(datetime(2026, 3, 1, 12, 0))
