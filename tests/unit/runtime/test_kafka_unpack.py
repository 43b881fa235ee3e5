"""What the client library cannot unpack is unpacked all the same, and it alone is odd."""

from __future__ import annotations

import struct

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import CorruptRecordException  # type: ignore[import-untyped]
from aiokafka.record.util import calc_crc32c  # type: ignore[import-untyped]

from queuebit_contracts.errors import MalformedEnvelope
from queuebit_runtime.bus.dead_letters.letter import dead_letter_of
from queuebit_runtime.bus.decoding import read
from queuebit_runtime.bus.kafka.unpacking import Reread, read_leniently, read_past
from queuebit_runtime.bus.port import UNREADABLE, Record
from queuebit_runtime.bus.record_size import check_size
from tests.contract.bus.odd_records import ZSTD, OddName, builder
from tests.fakes.moved_clock import START

ODD = "\\xff\\xfe"
CRC_AT, CODEC_AT, BODY_AT = 17, 22, 61


def a_batch(base: int, *values: bytes, odd: int | None = None, compression: int = 0) -> bytes:
    made = builder(compression=compression)
    for number, value in enumerate(values):
        headers = [("about", b"test"), *([(OddName("xx"), b"odd")] if number == odd else [])]
        made.append(number, 1, b"key", value, headers)
    return struct.pack(">q", base) + bytes(made.build())[8:]


def sealed(batch: bytes) -> bytes:
    """With the checksum that fits."""
    return batch[:CRC_AT] + struct.pack(">I", calc_crc32c(batch[CRC_AT + 4 :])) + batch[CRC_AT + 4 :]


def unpack(data: bytes, *, at: int = 0) -> Reread:
    return read_leniently(data, TopicPartition("t", 0), at)


def shown(found: Reread) -> list[tuple[int, bytes, dict[str, bytes]]]:
    return [(each.offset, each.value, dict(each.headers)) for each in found.records]


SOUND = {"about": b"test"}


@pytest.mark.parametrize("compression", [0, ZSTD])
def test_it_reads_an_odd_name_leniently_and_everything_around_it(compression: int) -> None:
    """Given two batches with odd names, between sound ones, then every record comes once, in order, under its offset."""
    data = (
        a_batch(0, b"0", b"1")
        + a_batch(2, b"2", b"3", b"4", odd=1, compression=compression)
        + a_batch(5, b"5", odd=0, compression=compression)
        + a_batch(6, b"6")
    )
    found = unpack(data)
    expected = [(number, str(number).encode(), SOUND) for number in range(7)]
    for number in (3, 5):
        expected[number] = (number, str(number).encode(), {**SOUND, ODD: b"odd"})
    assert shown(found) == expected
    assert found.next_offset == 7


def test_it_goes_on_in_the_middle_of_an_odd_batch() -> None:
    """Given the group stands behind the odd record already, then only what follows comes."""
    data = a_batch(10, b"0", b"1", b"2", odd=1)
    assert shown(unpack(data, at=12)) == [(12, b"2", SOUND)]
    assert [each[0] for each in shown(unpack(data, at=11))] == [11, 12]


def test_a_record_of_no_sense_becomes_a_stand_in_that_no_reader_of_envelopes_takes() -> None:
    """Given a record whose lengths are wrong, then its neighbours come whole, and it as bytes with a reason."""
    batch = bytearray(a_batch(0, b"first", b"second", b"third"))
    at = batch.index(b"second") - 1
    assert batch[at] == len(b"second") * 2
    batch[at] = 0x7E
    found = shown(unpack(sealed(bytes(batch))))
    assert [(offset, value) for offset, value, _ in found if offset != 1] == [(0, b"first"), (2, b"third")]
    _, value, headers = found[1]
    assert b"second" in value
    assert list(headers) == [UNREADABLE]
    with pytest.raises(MalformedEnvelope):
        read(Record("t", 0, 1, None, value, tuple(headers.items())), refusals=False, replays=False)


def test_odd_headers_that_no_dead_letter_could_hold_become_a_stand_in() -> None:
    made = builder()
    made.append(0, 1, b"key", b"value", [(OddName("xx"), b"h" * 10)] * 20_000)
    ((offset, value, headers),) = shown(unpack(bytes(made.build())))
    assert offset == 0
    assert list(headers) == [UNREADABLE]
    letter = dead_letter_of(
        Record("t", 0, 0, None, value, tuple(headers.items())),
        MalformedEnvelope("x", remedy="y"),
        "control-plane",
        "control-plane",
        START,
    )
    check_size(letter)


def test_what_lies_behind_a_broken_frame_becomes_one_stand_in() -> None:
    batch = bytearray(a_batch(0, b"first", b"second", b"third") + b"")
    second = BODY_AT + batch[BODY_AT] // 2 + 1
    batch[second] = 0x7F
    found = shown(unpack(sealed(bytes(batch)) + a_batch(3, b"next")))
    assert [offset for offset, _, _ in found] == [0, 1, 3]
    assert list(found[1][2]) == [UNREADABLE]
    assert b"third" in found[1][1]


def test_a_batch_that_does_not_decompress_becomes_one_stand_in() -> None:
    batch = bytearray(a_batch(0, b"a", b"b"))
    batch[CODEC_AT] |= ZSTD
    data = sealed(bytes(batch))
    found = shown(unpack(data + a_batch(2, b"next")))
    assert [(offset, value) for offset, value, _ in found] == [(0, data), (2, b"next")]
    assert [(offset, value) for offset, value, _ in shown(unpack(data, at=1))] == [(1, data)]


def test_it_refuses_a_batch_whose_checksum_is_wrong() -> None:
    """Given bytes that are not what the broker took, then nothing of the batch is believed."""
    batch = bytearray(a_batch(0, b"first", b"second", odd=0))
    batch[-2] ^= 1
    with pytest.raises(CorruptRecordException):
        unpack(bytes(batch))


def test_it_stays_quiet_about_markers_and_what_an_aborted_transaction_wrote() -> None:
    """Given batches of a transaction that was aborted, then only those of others come, and reading goes on behind all."""
    control, transactional = 0x20, 0x10
    data = b""
    for base, attributes in ((0, transactional), (1, 0), (2, transactional | control), (3, transactional)):
        batch = bytearray(a_batch(base, b"%d" % base, odd=0))
        batch[CODEC_AT] |= attributes
        data += sealed(bytes(batch))
    place = TopicPartition("t", 0)

    none_aborted = read_leniently(data, place, 0)
    aborted = read_leniently(data, place, 0, {(-1, 0)})

    assert [each.offset for each in none_aborted.records] == [0, 1, 3]
    assert ([each.offset for each in aborted.records], aborted.next_offset) == ([1], 4)


def test_a_batch_that_is_not_all_there_is_left_for_the_next_answer() -> None:
    data = a_batch(0, b"0") + a_batch(1, b"1", b"2")
    assert unpack(data[:-1]).next_offset == 1


UNKNOWN_CODEC = 5


def test_who_only_looks_passes_over_what_cannot_be_trusted_or_unpacked() -> None:
    """Given a batch of a codec that nothing here unpacks, and one whose checksum is wrong, between sound ones and before one
    that is not all there, then each of them is one stand-in with its reason, and all others are read.
    """
    foreign, broken = bytearray(a_batch(1, b"1", b"2")), bytearray(a_batch(4, b"4", b"5"))
    foreign[CODEC_AT] |= UNKNOWN_CODEC
    broken[-2] ^= 1
    data = a_batch(0, b"0") + sealed(bytes(foreign)) + a_batch(3, b"3") + bytes(broken) + a_batch(6, b"6")
    place = TopicPartition("t", 0)

    found = read_past(data + a_batch(7, b"7")[:-1], place, 0, 8)
    inside = read_past(data, place, 5, 7)

    assert [each.offset for each in found.records] == [0, 1, 3, 4, 6]
    assert found.next_offset == 7
    why = {each.offset: value for each in found.records for name, value in each.headers if name == UNREADABLE}
    assert list(why) == [1, 4]
    assert b"codec 5" in why[1]
    assert b"checksum is wrong" in why[4]
    assert ([each.offset for each in inside.records], inside.next_offset) == ([5, 6], 7)


@pytest.mark.parametrize("damage", ["length", "extent", "head"])
def test_who_only_looks_comes_to_the_end_behind_what_does_not_say_how_far_it_goes(damage: str) -> None:
    """Given a batch that names more bytes than there are, or offsets beyond the end, then one stand-in is for all of them."""
    data = bytearray(a_batch(3, b"3", b"4") + a_batch(5, b"5"))
    match damage:
        case "length":
            data[8:12] = struct.pack(">i", 1 << 20)
        case "extent":
            data[23:27] = struct.pack(">i", 1 << 20)
        case _:
            data[8:12] = data[23:27] = struct.pack(">i", -1)

    found = read_past(bytes(data), TopicPartition("t", 0), 3, 1000)

    assert [(each.offset, [name for name, _ in each.headers]) for each in found.records] == [(3, [UNREADABLE])]
    assert found.next_offset == 1000


def test_who_only_looks_asks_again_where_nothing_came() -> None:
    assert read_past(b"", TopicPartition("t", 0), 3, 1000) == Reread((), 3)
