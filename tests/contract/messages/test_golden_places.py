"""Every recorded message, at every place where old bytes are read: it says the same to this release, and to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, decode, encode_headers, from_structured
from queuebit_contracts.errors import UnknownType
from queuebit_contracts.registry import REGISTRY, Registry, type_of
from queuebit_contracts.structured import join_batch, split_batch
from queuebit_runtime.bus.dead_letters.letter import dead_letter_of, letter_of
from queuebit_runtime.bus.port import Record
from tests.contract.messages import golden
from tests.e2e import next_release

ROOT = Path(__file__).parents[3]
RECORDED = sorted((ROOT / "schemas" / "examples").glob("*.json"))
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
STRUCTURED = [("content-type", b"application/cloudevents+json")]
NEXT = next_release.registry()

Recorded = dict[str, Any]
Place = Callable[[Recorded, Registry], Data]


def _binary(recorded: Recorded) -> Record:
    """The record as a topic keeps it."""
    envelope: Envelope = from_structured(orjson.dumps(recorded), registry=NEXT)
    headers = [(name, value) for name, value in encode_headers(envelope) if name != "ce_type"]
    headers.append(("ce_type", recorded["type"].encode()))
    return Record("t", 0, 7, b"key", orjson.dumps(recorded["data"]), tuple(headers))


def in_the_store(recorded: Recorded, registry: Registry) -> Data:
    name, _, version = recorded["type"].removeprefix("io.queuebit.").rpartition(".v")
    return registry.read_stored(name, int(version), json.dumps(recorded["data"]), text=True)


def on_a_topic(recorded: Recorded, registry: Registry) -> Data:
    record = _binary(recorded)
    return decode(record.headers, record.value, registry=registry).data


def in_one_document(recorded: Recorded, registry: Registry) -> Data:
    return decode(STRUCTURED, orjson.dumps(recorded), registry=registry).data


def in_a_batch(recorded: Recorded, registry: Registry) -> Data:
    events = split_batch(join_batch([orjson.dumps(recorded)] * 2))
    assert events is not None
    return decode(STRUCTURED, events[1], registry=registry).data


def in_a_dead_letter(recorded: Recorded, registry: Registry) -> Data:
    error = UnknownType("It was not known then.", remedy="")
    sent = dead_letter_of(_binary(recorded), error, "control-plane", "control-plane", NOW)
    letter = letter_of(Record(sent.topic, 0, 3, sent.key, sent.value, tuple(sent.headers)))
    assert letter is not None
    return decode(letter.headers, letter.value, registry=registry).data


STORED: tuple[Place, ...] = (golden.in_an_archive, golden.in_an_export)
PLACES: tuple[Place, ...] = (in_the_store, on_a_topic, in_one_document, in_a_batch, in_a_dead_letter, *STORED)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_message_is_read_there_and_says_the_same(path: Path, place: Place) -> None:
    recorded = json.loads(path.read_bytes())

    now, then = place(recorded, REGISTRY), place(recorded, NEXT)

    assert now == from_structured(path.read_bytes()).data
    assert then == from_structured(path.read_bytes(), registry=NEXT).data
    assert REGISTRY.known[type_of(type(now))].upcast is None


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_the_next_release_reads_the_plan_of_this_one_as_its_own_and_can_say_it_as_it_was(place: Place) -> None:
    recorded = json.loads((ROOT / "schemas" / "examples" / "JobPlanned.v1.json").read_bytes())

    read = place(recorded, NEXT)

    assert isinstance(read, next_release.JobPlannedNext)
    assert (type_of(type(read)), read.decided_by) == ("io.queuebit.JobPlanned.v2", "nobody said")
    (back,) = NEXT.written_as(["JobPlanned.v1"]).values()
    assert back(read) == place(recorded, REGISTRY)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_this_release_says_of_the_next_one_s_plan_that_it_is_newer(place: Place) -> None:
    recorded = json.loads((ROOT / "schemas" / "examples" / "JobPlanned.v1.json").read_bytes())
    newer = {
        **recorded,
        "type": "io.queuebit.JobPlanned.v2",
        "data": {**recorded["data"], "decided_by": "routing"},
    }

    with pytest.raises(UnknownType, match="of a newer release"):
        place(newer, REGISTRY)
    assert isinstance(place(newer, NEXT), next_release.JobPlannedNext)


@pytest.mark.parametrize("path", golden.recorded_events(), ids=lambda path: path.stem)
def test_files_that_were_written_once_are_read_as_the_message_that_they_hold(path: Path) -> None:
    """Given an archive and a history of an earlier release, then both say what the recorded message says, to each release."""
    archive, export = (golden.FOLDER / f"{path.stem}{suffix}" for suffix in (golden.ARCHIVE, golden.EXPORT))

    for registry in (REGISTRY, NEXT):
        expected = from_structured(path.read_bytes(), registry=registry).data
        assert golden.read_archive(archive, registry) == expected
        assert golden.read_export(export, registry) == expected


def test_each_recorded_event_has_its_files() -> None:
    assert golden.missing() == [], "write them with: python -m tests.contract.messages.golden"


PAST_THE_UPCASTS = re.compile(r"\b(decode_data|decode_as_text)\(|__pydantic_validator__")
CONTRACTS = "libs/contracts/src/queuebit_contracts/"
READ_IN = {f"{CONTRACTS}{name}.py" for name in ("large", "registry", "structured")}


def test_bytes_become_messages_in_these_files_alone() -> None:
    """All others ask the registry, by record or by stored event, and get data of today."""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("libs", "services")
        for path in (ROOT / folder).rglob("*.py")
        if PAST_THE_UPCASTS.search(path.read_text())
    }

    assert found == READ_IN
