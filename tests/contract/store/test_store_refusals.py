"""What the database cannot hold is refused as one bad value, permanently: whoever sent a batch can find which and go on."""

from __future__ import annotations

import random
from typing import Any

import pytest

from queuebit_store.checks import INDEXED_BYTES_MAX
from queuebit_store.errors import InvalidBatch
from queuebit_store.ports import Append, Position, Reservation
from tests.contract.store.builders import a_head, an_append, an_id, at

NUL, HALF_PAIR, LONG = "a\x00b", "a\ud800b", "é" * (INDEXED_BYTES_MAX // 2)
UNALIKE = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=INDEXED_BYTES_MAX - 20))
"""As long as may be, and of no pattern: PostgreSQL compresses what has one."""


def _wish(key: str, tenant: str = "acme") -> Reservation:
    return Reservation(tenant, key, an_id(1), "print", at(1))


def _with(append: Append, **changes: Any) -> Append:
    return append._replace(events=tuple(event._replace(**changes) for event in append.events))


@pytest.mark.parametrize(
    "bad",
    [_wish(NUL), _wish("k", NUL), _wish(HALF_PAIR), _wish("k", HALF_PAIR), _wish(LONG), _wish("k", LONG)],
    ids=["nul-key", "nul-tenant", "half-key", "half-tenant", "long-key", "long-tenant"],
)
async def test_a_key_that_cannot_be_stored_is_refused_and_holds_up_no_other(store: Any, bad: Reservation) -> None:
    good = _wish("good")

    with pytest.raises(InvalidBatch) as refused:
        await store.reserve([good, bad])
    with pytest.raises(InvalidBatch):
        await store.holder(bad.tenant, bad.key)

    assert (refused.value.transient, refused.value.of_one) == (False, True)
    assert await store.holder("acme", "good") is None
    assert await store.reserve([good]) == [good]


@pytest.mark.parametrize("key", ["", "a\x1fb", "schlüssel 鍵 😀", UNALIKE], ids=["empty", "control", "wide", "long"])
async def test_any_other_key_is_held(store: Any, key: str) -> None:
    assert await store.reserve([_wish(key)]) == [_wish(key)]
    assert await store.holder("acme", key) == _wish(key)


@pytest.mark.parametrize(
    "bad",
    [
        an_append(2, tenant=NUL),
        an_append(2, tenant=HALF_PAIR),
        an_append(2, tenant=LONG),
        an_append(2, category=LONG),
        an_append(2, head=a_head(LONG)),
        _with(an_append(2), type=NUL),
        _with(an_append(2), traceparent=NUL),
        _with(an_append(2), data=f'"{HALF_PAIR}"'),
        _with(an_append(2), data="[" * 100_000 + "]" * 100_000),
    ],
    ids=[
        "nul-tenant",
        "half-tenant",
        "long-tenant",
        "long-category",
        "long-state",
        "nul-type",
        "nul-trace",
        "half-data",
        "deep-data",
    ],
)
async def test_an_append_that_cannot_be_stored_is_refused_and_holds_up_no_other(store: Any, bad: Append) -> None:
    good = an_append(1)

    with pytest.raises(InvalidBatch) as refused:
        await store.append([good, bad])

    assert (refused.value.transient, refused.value.of_one) == (False, True)
    assert await store.read(Position(), limit=9) == []
    assert await store.append([good]) == [True]


async def test_names_as_long_as_may_be_are_stored(store: Any) -> None:
    assert await store.append([an_append(1, tenant=UNALIKE)]) == [True]
