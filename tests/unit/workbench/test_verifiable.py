"""What Kafka's own verifiable clients print, compared."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pytest

from queuebit_workbench.witnesses.verifiable import verified


def sent(value: int, partition: int, offset: int) -> bytes:
    said = {"name": "producer_send_success", "value": str(value), "partition": partition, "offset": offset}
    return orjson.dumps(said)


def read(value: int, partition: int, offset: int) -> bytes:
    return orjson.dumps({"name": "record_data", "value": str(value), "partition": partition, "offset": offset})


SENT = [sent(0, 0, 0), sent(1, 1, 0), sent(2, 0, 1)]
READ = [read(0, 0, 0), read(1, 1, 0), read(2, 0, 1)]


def test_what_was_acknowledged_is_read_once_and_in_order() -> None:
    """A record that is read again after a rebalance is the same record; a line that is no document is none of theirs."""
    found = verified([*SENT, b'{"name":"producer_send_error","value":"3"}', b"WARN a log"], [*READ, READ[1], b'{"nam'])

    assert (found.acknowledged, found.read, found.refused) == (3, 3, 1)
    assert list(found.violations()) == []


@pytest.mark.parametrize(
    ("consumer", "what"),
    [
        (READ[:2], "1 records of Kafka's verifiable producer are lost: 2"),
        ([*READ, read(1, 1, 1)], "1 records of Kafka's verifiable producer are doubled: 1"),
        ([read(2, 0, 0), read(1, 1, 0), read(0, 0, 1)], "are out of order: 0 after 2 in 0"),
        ([READ[0], read(1, 2, 0), READ[2]], "are out of order: 1 was acknowledged elsewhere"),
    ],
)
def test_what_must_never_be_is_found(consumer: Sequence[bytes], what: str) -> None:
    assert what in "; ".join(verified(SENT, consumer).violations())
