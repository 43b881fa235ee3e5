"""Wrapped keys: one live key a subject, a destroyed one is known and gone."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from queuebit_contracts.sealed import Bound, Locked, Redacted, sealed_for
from queuebit_store.errors import InvalidSettings
from queuebit_store.keys.cipher import SubjectCipher
from queuebit_store.keys.port import Keys, SubjectKey, TenantSecret
from queuebit_store.keys.ring import REMEMBERED_S, KeyRing, MasterKeys, master_keys_from
from tests.contract.store.builders import at

KEY = b"k" * 32
DAY = at(1).date()
MASTERS = MasterKeys({"2026": b"m" * 32, "2025": b"o" * 32})


class Watch:
    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


def ring_on(store: Keys, masters: MasterKeys = MASTERS, watch: Watch | None = None) -> KeyRing:
    return KeyRing(store, masters, monotonic_s=watch or Watch(), random=os.urandom, mint=uuid4)


async def test_what_is_kept_first_holds(store: Keys) -> None:
    first, second = TenantSecret("acme", "2026", b"1"), TenantSecret("acme", "2025", b"2")
    assert await store.tenant_secret("acme") is None
    assert await store.add_tenant_secret(first) == first
    assert await store.add_tenant_secret(second) == first
    one, other = (SubjectKey(uuid4(), "acme", "anna", b"w", at(n), DAY) for n in (1, 2))
    assert await store.add_subject_key(one) == one
    assert await store.add_subject_key(other) == one
    assert (await store.live_key("acme", "anna")).key == one
    assert (await store.live_key("acme", "bert")).key is None
    assert await store.subject_keys([one.key_id, other.key_id]) == {one.key_id: one}


async def test_a_destroyed_key_is_known_and_gone_and_the_subject_may_come_again(store: Keys) -> None:
    one, other = (SubjectKey(uuid4(), "acme", "anna", b"w", at(n), DAY) for n in (1, 2))
    await store.add_subject_key(one)
    bert = await store.add_subject_key(SubjectKey(uuid4(), "acme", "bert", b"w", at(1), DAY))
    assert await store.destroy_keys("acme", "anna", at(3)) == [one.key_id]
    assert await store.destroy_keys("acme", "anna", at(4)) == []
    gone = SubjectKey(one.key_id, "acme", "anna", None, at(1), DAY, at(3))
    assert (await store.live_key("acme", "anna")).key is None
    assert await store.subject_keys([one.key_id]) == {one.key_id: gone}
    assert await store.add_subject_key(other) == other
    assert await store.keys_of_subject("acme", "anna") == [gone, other]
    assert (await store.live_key("acme", "bert")).key == bert


async def test_the_jobs_of_keys_are_remembered_once(store: Keys) -> None:
    key = await store.add_subject_key(SubjectKey(uuid4(), "acme", "anna", b"w", at(1), DAY))
    jobs = sorted((uuid4(), uuid4()))
    for job in (*jobs, *jobs):
        await store.note_sealed(key.key_id, job)
    assert await store.sealed_jobs([key.key_id]) == jobs
    assert await store.sealed_jobs([uuid4()]) == []


async def test_what_one_process_seals_another_opens(store: Keys) -> None:
    sealing = await ring_on(store).of_subject("acme", "anna")
    token = sealing.seal(b'{"nodes": 7}', "text")
    found = await ring_on(store).of_ids([sealing.id])
    key = found[sealing.id]
    assert key is not None
    assert key.open(token, "text") == b'{"nodes": 7}'
    assert b"nodes" not in token.encode()
    assert sealing.seal(b"x", "text") != sealing.seal(b"x", "text")


async def test_the_day_is_that_of_the_store_whatever_clock_the_process_has(store: Any) -> None:
    """Given a store that says how late it is, then a key begins on that day and seals for it."""
    before = await store.now()
    key = await ring_on(store).of_subject("acme", "anna")
    after = await store.now()

    (row,) = (await store.subject_keys([key.id])).values()
    assert before <= row.created_at <= after
    assert key.bound == Bound(None, row.since) == Bound(None, row.created_at.date())
    assert (await store.live_key("acme", "anna")).key == row


async def test_a_key_that_is_kept_from_tomorrow_on_seals_for_tomorrow(store: Keys) -> None:
    ring = ring_on(store)
    today = (await ring.of_subject("acme", "anna")).bound.day
    assert today is not None
    (row,) = await store.keys_of_subject("acme", "anna")
    tomorrow = today + timedelta(days=1)

    assert await ring.moved_on(row, tomorrow)
    assert (await ring.of_subject("acme", "anna")).bound == Bound(None, tomorrow)


async def test_processes_that_make_a_key_at_once_have_the_same(store: Keys) -> None:
    made = await asyncio.gather(*(ring_on(store).of_subject("acme", "anna") for _ in range(8)))
    assert len({each.id for each in made}) == 1
    assert made[0].open(made[1].seal(b"x", "text"), "text") == b"x"


async def test_a_destroyed_key_opens_nothing_after_the_time_for_which_it_is_remembered(store: Keys) -> None:
    watch = Watch()
    ring = ring_on(store, watch=watch)
    key = await ring.of_subject("acme", "anna")
    known = (await ring.of_ids([key.id]))[key.id]
    assert known is not None
    assert known.open(key.seal(b"x", "text"), "text") == b"x"
    await store.destroy_keys("acme", "anna", at(2))
    watch.at_s = REMEMBERED_S + 0.1
    assert await ring.of_ids([key.id]) == {key.id: None}
    assert await ring.of_ids([UUID(int=9)]) == {UUID(int=9): None}
    again = await ring.of_subject("acme", "anna")
    assert again.id != key.id
    with pytest.raises(Redacted):
        again.open(key.seal(b"x", "text"), "text")


async def test_a_key_that_is_moved_on_opens_nothing_of_before_and_goes_on_sealing(store: Keys) -> None:
    """Given what was sealed on three days, when the key is kept from the second on, then what is of the first is gone."""
    ring = ring_on(store)
    key = await ring.of_subject("acme", "anna")
    first = key.bound.day
    assert first is not None
    days = [first + timedelta(days=nth) for nth in range(3)]
    tokens = [key.of(Bound(UUID(int=9), day)).seal(b"geheim", "text") for day in days]
    (row,) = (await store.subject_keys([key.id])).values()

    moved = [await ring.moved_on(row, days[1]) for _ in range(2)]

    cipher = (await ring_on(store).of_ids([key.id]))[key.id]
    assert (moved, cipher is None) == ([True, False], False)
    assert cipher is not None
    with pytest.raises(Redacted):
        cipher.of(sealed_for(tokens[0]))
    assert [cipher.of(sealed_for(each)).open(each, "text") for each in tokens[1:]] == [b"geheim"] * 2
    assert (await ring.of_subject("acme", "anna")).id == key.id


async def test_keys_of_an_earlier_day_are_told_of_in_order_and_destroyed_ones_are_not(store: Keys) -> None:
    made = [
        await store.add_subject_key(SubjectKey(UUID(int=n), "acme", f"p-{n}", b"w", at(1), DAY - timedelta(days=n % 3)))
        for n in range(1, 7)
    ]
    await store.destroy_keys("acme", "p-4", at(3))
    wanted = [made[1], made[4], made[0]]

    assert await store.keys_before(DAY, None, 9) == wanted
    assert await store.keys_before(DAY, None, 2) == wanted[:2]
    assert await store.keys_before(DAY, wanted[1], 9) == wanted[2:]
    assert await store.move_key(made[3], b"n", DAY) is False
    assert await store.move_key(made[1], b"n", DAY) is True
    assert await store.keys_before(DAY, None, 9) == wanted[1:]


async def test_a_key_of_another_tenant_is_another_key(store: Keys) -> None:
    ring = ring_on(store)
    one, other = await ring.of_subject("acme", "anna"), await ring.of_subject("umbra", "anna")
    assert one.id != other.id
    with pytest.raises(Redacted):
        other.open(one.seal(b"x", "text"), "text")
    for each in (ring, ring_on(store)):
        found = await each.of_ids([one.id, other.id], "umbra")
        assert [found[one.id] is None, found[other.id] is None] == [True, False]


async def test_another_master_key_is_told_by_its_name(store: Keys) -> None:
    key = await ring_on(store).of_subject("acme", "anna")
    for masters, why in (({"2027": b"n" * 32}, "'2026'"), ({"2026": b"x" * 32}, "does not open")):
        ring = ring_on(store, MasterKeys(masters))
        with pytest.raises(InvalidSettings, match=why):
            await ring.of_subject("acme", "anna")
        shut = (await ring.of_ids([key.id]))[key.id]
        assert shut is not None
        with pytest.raises(Locked, match=why):
            shut.open(key.seal(b"x", "text"), "text")
    renewed = MasterKeys({"2027": b"n" * 32, **MASTERS.keys})
    assert (await ring_on(store, renewed).of_ids([key.id]))[key.id] is not None


@pytest.mark.parametrize("change", [0, 5, -1])
def test_a_token_that_was_changed_opens_nothing(change: int) -> None:
    cipher = SubjectCipher(UUID(int=1), KEY, DAY, os.urandom)
    token = cipher.seal(b"geheim", "text")
    head, _, text = token.rpartition(".")
    place = change % len(text)
    other = "A" if text[place] != "A" else "B"  # At the end a change of bits that mean nothing, once in four times.
    with pytest.raises(Redacted):
        cipher.open(f"{head}.{text[:place]}{other}{text[place + 1 :]}", "text")


@pytest.mark.parametrize("token", ["", "v1", "v1.x.y", "v2.00000000-0000-0000-0000-000000000001.AAAA", "v1.é.é"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    with pytest.raises(Redacted):
        SubjectCipher(UUID(int=1), KEY, DAY, os.urandom).open(token, "text")


def test_a_token_of_before_is_read_and_says_no_job() -> None:
    """Given what the first release sealed, then it opens wherever it stands."""
    token = "v1.00000000-0000-0000-0000-000000000001.bm5ubm5ubm5ubm5u_16P1XjZxuYHsVR8IjWFrQfo4rC0gA"
    cipher = SubjectCipher(UUID(int=1), KEY, DAY, lambda size: b"n" * size)

    assert cipher.open(token, "answer") == cipher.open(token, "text") == b"geheim"
    assert cipher.seal(b"geheim", "answer") == token


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no master key"),
        ("2026:short", "Line 1"),
        (":bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=", "Line 1"),
        ("a:bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=\na:bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=", "Line 2"),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_line_and_tells_no_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "master"
    file.write_text(text)
    with pytest.raises(InvalidSettings, match=message) as caught:
        master_keys_from(file)
    assert "bW1t" not in str(caught.value)
    with pytest.raises(InvalidSettings, match="cannot be read"):
        master_keys_from(tmp_path / "none")


def test_the_first_line_wraps_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / "master"
    file.write_text(
        "2026:bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=\n\n2025:b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=\n"
    )
    assert master_keys_from(file) == MASTERS
    assert master_keys_from(file).first == "2026"


def test_a_cipher_tells_nothing_of_its_key_and_travels() -> None:
    import pickle

    cipher = SubjectCipher(UUID(int=1), KEY, DAY, os.urandom)
    assert "kkk" not in repr(cipher)
    assert pickle.loads(pickle.dumps(cipher)).open(cipher.seal(b"x", "text"), "text") == b"x"  # noqa: S301 - our own
    assert timedelta(seconds=REMEMBERED_S) <= timedelta(seconds=60)
