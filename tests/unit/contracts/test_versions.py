"""Two versions of one event: what was written in the old one is read as the new one, wherever it comes from."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.data import Data
from queuebit_contracts.envelope import binary_headers, decode, encode_data, rfc3339
from queuebit_contracts.errors import InvalidData, UnknownType
from queuebit_contracts.events import Event, FallbackTaken, JobPlanned
from queuebit_contracts.registry import (
    MODELS,
    REGISTRY,
    UPCASTS,
    Registry,
    Upcast,
    name_of,
    type_bytes_of,
    type_of,
)
from queuebit_contracts.writing import Writing
from tests.builders import JOB_ID, NOW

EVENT_ID = UUID("01900000-0000-7000-8000-000000000001")


class MovedV1(Event):
    """As it was first written."""

    type_name: ClassVar[str] = "Moved"

    where: str


class MovedV2(Event):
    """The place has a name of its own."""

    type_name: ClassVar[str] = "Moved"
    schema_version: ClassVar[int] = 2

    place: str


class Moved(Event):
    """As it is written today: from somewhere to somewhere."""

    schema_version: ClassVar[int] = 3

    place: str
    before: str


FIRST = Upcast(MovedV1, MovedV2, lambda old: MovedV2(place=old.where), lambda new: MovedV1(where=new.place))
SECOND = Upcast(
    MovedV2, Moved, lambda old: Moved(place=old.place, before="unknown"), lambda new: MovedV2(place=new.place)
)
FALLBACK = FallbackTaken(from_leg="a", to_leg="b", trigger="failed", reason="it failed")
VERSIONS = Registry((*MODELS, Moved), (*UPCASTS, FIRST, SECOND))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (MovedV1(where="here"), Moved(place="here", before="unknown")),
        (MovedV2(place="here"), Moved(place="here", before="unknown")),
        (Moved(place="here", before="there"), Moved(place="here", before="there")),
    ],
    ids=["v1", "v2", "v3"],
)
def test_every_version_is_read_as_today_s(written: Event, read: Moved) -> None:
    value = encode_data(written)
    headers = binary_headers(
        EVENT_ID,
        "/test",
        type_bytes_of(type(written)),
        str(JOB_ID),
        rfc3339(NOW),
        tenant=None,
        version=1,
        traceparent=None,
    )
    attributes = {"specversion": "1.0", "id": str(EVENT_ID), "source": "/test", "type": type_of(type(written))}
    document = orjson.dumps({**attributes, "time": rfc3339(NOW).decode(), "data": orjson.loads(value)})
    structured = [("content-type", b"application/cloudevents+json")]

    by_record: Data = decode(headers, value, registry=VERSIONS).data
    by_document = decode(structured, document, registry=VERSIONS)
    stored = VERSIONS.read_stored("Moved", written.schema_version, value.decode())

    assert (by_record, by_document.data, stored) == (read, read, read)
    assert by_document.type == "io.queuebit.Moved.v3"


def test_a_version_is_known_by_its_type() -> None:
    types = [type_of(model) for model in (MovedV1, MovedV2, Moved)]

    assert types == ["io.queuebit.Moved.v1", "io.queuebit.Moved.v2", "io.queuebit.Moved.v3"]
    assert {name_of(model) for model in (MovedV1, MovedV2, Moved)} == {"Moved"}
    assert set(VERSIONS.known) == {*REGISTRY.known, *types}


def test_old_data_is_checked_as_what_it_was_written() -> None:
    with pytest.raises(InvalidData, match="/where"):
        VERSIONS.read_stored("Moved", 1, '{"place":"here","before":"there"}')
    with pytest.raises(UnknownType):
        VERSIONS.read_stored("Moved", 4, "{}")
    with pytest.raises(UnknownType):
        REGISTRY.read_stored("Moved", 1, '{"where":"here"}')


@pytest.mark.parametrize(
    ("models", "upcasts", "why"),
    [
        ((Moved,), (FIRST,), "do not lead"),
        ((Moved,), (Upcast(FallbackTaken, Moved, lambda old: old),), "do not lead"),
        ((Moved, JobPlanned), (Upcast(JobPlanned, JobPlanned, lambda old: old),), "go round"),
        ((MovedV1, Moved), (FIRST, SECOND), "named twice"),
    ],
    ids=["a step is missing", "another event", "round", "both old and of today"],
)
def test_upcasts_that_lead_nowhere_are_refused(
    models: tuple[type[Data], ...], upcasts: tuple[Upcast, ...], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Registry(models, upcasts)


@pytest.mark.parametrize(
    ("versions", "written"),
    [
        ((), Moved(place="here", before="there")),
        (("Moved.v3",), Moved(place="here", before="there")),
        (("Moved.v2",), MovedV2(place="here")),
        (("JobPlanned.v1", "Moved.v1"), MovedV1(where="here")),
    ],
    ids=["as today", "today's by name", "one back", "two back"],
)
def test_today_s_data_is_written_in_the_version_that_is_asked_for(versions: tuple[str, ...], written: Event) -> None:
    writing = Writing(VERSIONS.written_as(versions))

    said = writing.form(Moved(place="here", before="there"))

    assert (said, type_of(type(said))) == (written, type_of(type(written)))
    assert writing.form(FALLBACK) is FALLBACK


def test_a_version_that_cannot_be_written_is_refused() -> None:
    one_way = Registry((*MODELS, Moved), (FIRST, Upcast(MovedV2, Moved, SECOND.step)))

    with pytest.raises(ValueError, match=r"Moved\.v3 cannot be said as Moved\.v1"):
        one_way.written_as(["Moved.v1"])
    with pytest.raises(UnknownType):
        VERSIONS.written_as(["Moved.v4"])


def test_a_version_of_a_newer_release_is_told_as_one() -> None:
    with pytest.raises(UnknownType, match="of a newer release") as newer:
        VERSIONS.named("io.queuebit.Moved.v4")
    assert "older version" in newer.value.remedy
    for other in ("io.queuebit.Moved.v0", "io.queuebit.Gone.v9", "io.queuebit.Moved.v9999999", "io.queuebit.Moved.vx"):
        with pytest.raises(UnknownType, match="is not known"):
            VERSIONS.named(other)
