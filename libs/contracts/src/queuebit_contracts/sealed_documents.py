"""JSON documents in which something is sealed: which keys they name, and how they read with those, or with a mask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from queuebit_contracts.sealed import (
    MISPLACED,
    PREFIX,
    REDACTED,
    SEAL,
    WITHHELD,
    DataKey,
    Misplaced,
    Redacted,
    SealedField,
    key_id_of,
    sealed_for,
)

MASKED = "$masked"
"""Stands in the place of a statement or an answer for who has not asked to see it."""
HIDDEN = "masked"
"""Stands so in the place of a text."""
FIELDS: Mapping[str, SealedField] = MappingProxyType(
    {"data": "command", "evidence": "evidence", "provenance": "provenance", "statement": "statement"}
)
"""What stands sealed under a name; under any other name an answer does."""
_ID = r"[0-9a-f-]{36}"
_QUOTED = re.compile(rf"{re.escape(PREFIX)}(v(?:1\.{_ID}|2\.{_ID}\.[0-9-]{{10}}\.{_ID}\.[a-z]+)\.[A-Za-z0-9_-]+)")
"""A text that is sealed, wherever another text quotes it."""


def keys_in(value: Any) -> set[UUID]:
    """The keys that anything in a JSON document is sealed with."""
    found: set[UUID] = set()
    for token in _tokens(value):
        try:
            found.add(key_id_of(token))
        except Redacted:
            continue
    return found


def opened_value(value: Any, keys: Mapping[UUID, DataKey | None], job: UUID | None = None) -> Any:
    """A JSON document with everything opened that is sealed in it. What cannot be opened any more is told as `redacted`, what
    was sealed for another field or, where `job` is named, for another job, as `misplaced`. Raises Locked.
    """

    def mapping(token: str, name: str) -> Any:
        try:
            return orjson.loads(_opened(token, keys, FIELDS.get(name, "answer"), job))
        except Redacted:
            return {REDACTED: True}
        except Misplaced:
            return {f"${MISPLACED}": True}

    def text(token: str) -> str:
        try:
            return _opened(token, keys, "text", job).decode()
        except (Redacted, Misplaced) as why:
            return why.code

    return _replaced(value, mapping, text)


def masked_value(value: Any, keys: Mapping[UUID, DataKey | None]) -> Any:
    """A JSON document in which everything that is sealed says so, and what cannot be opened any more is told as `redacted`."""

    def gone(token: str) -> bool:
        try:
            key = keys.get(key_id_of(token))
            if key is not None:
                key.of(sealed_for(token))
        except Redacted:
            return True
        return key is None

    return _replaced(
        value,
        lambda token, _: {REDACTED if gone(token) else MASKED: True},
        lambda token: WITHHELD if gone(token) else HIDDEN,
    )


def _replaced(value: Any, mapping: Callable[[str, str], Any], text: Callable[[str], str], name: str = "") -> Any:
    """`name`: under which the value stands."""
    match value:
        case {"$sealed": str(token)}:
            return mapping(token, name)
        case dict():
            return {each: _replaced(within, mapping, text, each) for each, within in value.items()}
        case list():
            return [_replaced(each, mapping, text, name) for each in value]
        case str() if PREFIX in value:
            return _QUOTED.sub(lambda found: text(found[1]), value)
        case _:
            return value


def _opened(token: str, keys: Mapping[UUID, DataKey | None], field: SealedField, job: UUID | None) -> bytes:
    """What was sealed. Raises Redacted where nothing opens it any more, Misplaced or Locked."""
    key, of = keys.get(key_id_of(token)), sealed_for(token)
    if key is None:
        raise Redacted
    return key.of(of if job is None or of.job is None else of._replace(job=job)).open(token, field)


def _tokens(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _QUOTED.findall(value)
    elif isinstance(value, dict):
        if isinstance(token := value.get(SEAL), str):
            yield token
        for each in value.values():
            yield from _tokens(each)
    elif isinstance(value, list):
        for each in value:
            yield from _tokens(each)
