"""Whatever headers a record comes with: what the rules say, said once more as plainly as they can be."""

from __future__ import annotations

from datetime import datetime
from random import Random
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from queuebit_contracts.envelope import Envelope, decode, encode_data
from queuebit_contracts.errors import ContractError
from queuebit_contracts.ids import event_id_of
from tests.builders import JOB_ID, a_verdict

DATA = a_verdict()
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SOUND: dict[str, bytes] = {
    "ce_specversion": b"1.0",
    "content-type": b"application/json",
    "ce_id": b"01900000-0000-7000-8000-000000000001",
    "ce_source": b"/test",
    "ce_type": b"io.queuebit.ResultValidated.v1",
    "ce_subject": str(JOB_ID).encode(),
    "ce_time": b"2026-01-01T00:00:00Z",
    "ce_tenant": b"acme",
    "ce_streamversion": b"7",
    "traceparent": TRACE,
    "ce_replayid": b"r1",
    "qb_note": b"hello",
}
NEWER = b"io.queuebit.ResultValidated.v99"
ODD = {
    "ce_specversion": [b"0.3", b" 1.0"],
    "content-type": [b"text/plain", b"application/json; charset=utf-8"],
    "ce_id": [b"order-4711", b"{01900000-0000-7000-8000-000000000001}", "Bestellung ä".encode()],
    "ce_type": [NEWER, b"io.queuebit.ResultValidated.v0", b"ResultValidated"],
    "ce_time": [b"yesterday", b"2026-01-01T00:00:00", b"2026-01-01", b"2026-01-01T00:00:00+02:00"],
    "ce_streamversion": [b"-1", b"1.5", b" 7", b"07", "\u0661".encode(), "²".encode()],
    "traceparent": [b"00-" + b"0" * 52, TRACE + b"-00", b"x" * 2000],
}
BROKEN = [None, b"", b"\xff", b"\xc3", b"\xa9", "ä".encode()]

Header = tuple[str, bytes | None]


def header(name: str) -> st.SearchStrategy[Header]:
    return st.tuples(st.just(name), st.sampled_from([SOUND[name], *ODD.get(name, []), *BROKEN]))


mistakes = st.lists(st.sampled_from(sorted(SOUND)).flatmap(header), max_size=3)
left_out = st.sets(st.sampled_from(sorted(SOUND)), max_size=2)


def found(headers: list[Header]) -> Envelope | str:
    try:
        return decode(headers, encode_data(DATA))  # type: ignore[arg-type]
    except ContractError as error:
        return f"{type(error).__name__} {[(each.pointer, each.detail) for each in error.fields]}"


def expected(headers: list[Header]) -> Envelope | str:
    """The last of a name counts; a value of None is none; then the attributes, one after another.

    Only attributes need be text, and a message of which no header tells anything is read in structured mode: this is none.
    """
    said = {name: value for name, value in dict(headers).items() if value is not None}
    texts = {name: value.decode("utf-8", "replace") for name, value in said.items()}
    missing = [name for name in ("ce_type", "ce_time", "ce_id", "ce_source") if not texts.get(name)]
    for name in ("ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_tenant", "ce_replayid"):
        if "\ufffd" in texts.get(name, ""):
            return _malformed(name, "is not UTF-8")
    if not {"ce_specversion", "ce_id", "ce_source", "ce_type"} & {name for name, _ in headers}:
        return _malformed("specversion", "is missing or not 1.0")
    if texts.get("ce_specversion") != "1.0":
        return _malformed("ce_specversion", "is missing or not 1.0")
    if "ce_type" in missing:
        return _malformed("ce_type", "is missing")
    if texts["ce_type"] != SOUND["ce_type"].decode():
        newer = texts["ce_type"] == NEWER.decode()
        return f"UnknownType [('/ce_type', '{'is newer than what is known' if newer else 'is not known'}')]"
    if "ce_time" in missing:
        return _malformed("ce_time", "is missing")
    try:
        time = datetime.fromisoformat(texts["ce_time"])
    except ValueError:
        return _malformed("ce_time", "is not an RFC 3339 time")
    if time.tzinfo is None:
        return _malformed("ce_time", "has no time zone")
    if missing:
        return _malformed(missing[0], "is missing")
    version = texts.get("ce_streamversion")
    if version not in {None, "7", "07"}:
        return _malformed("ce_streamversion", "is not a whole number")
    event_id, given_id = _id(texts["ce_id"], texts["ce_source"])
    return Envelope(
        id=event_id,
        source=texts["ce_source"],
        subject=texts.get("ce_subject", ""),
        time=time,
        data=DATA,
        tenant=texts.get("ce_tenant"),
        version=None if version is None else 7,
        traceparent=TRACE.decode() if texts.get("traceparent") == TRACE.decode() else None,
        replay_id=texts.get("ce_replayid"),
        given_id=given_id,
    )


def _malformed(name: str, detail: str) -> str:
    return f"MalformedEnvelope [('/{name}', '{detail}')]"


def _id(text: str, source: str) -> tuple[UUID, str | None]:
    try:
        return UUID(text), None
    except ValueError:
        return event_id_of(source, text), text


@given(left_out, mistakes, st.randoms(use_true_random=False))
@example({"ce_id", "ce_source"}, [], Random(0))
@example({"ce_id"}, [("ce_type", NEWER)], Random(0))
def test_headers_are_read_as_the_rules_say(gone: set[str], more: list[Header], order: Random) -> None:
    """Given sound headers with some left out, some wrong and some twice, then they are read, or refused, as the rules say."""
    headers: list[Header] = [each for each in SOUND.items() if each[0] not in gone]
    headers += more
    order.shuffle(headers)

    assert found(headers) == expected(headers)
    assert found(headers) == expected([*dict(headers).items()])
