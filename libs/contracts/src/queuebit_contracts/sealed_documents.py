"""JSON documents in which something is sealed: which keys they name, and how they read with those, or with a mask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson

from queuebit_contracts.sealed import PREFIX, REDACTED, SEAL, WITHHELD, DataKey, Redacted, key_id_of

MASKED = "$masked"
"""Stands in the place of a statement or an answer for who has not asked to see it."""
HIDDEN = "masked"
"""Stands so in the place of a text."""
_QUOTED = re.compile(re.escape(PREFIX) + r"(v1\.[0-9a-f-]{36}\.[A-Za-z0-9_-]+)")
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


def opened_value(value: Any, keys: Mapping[UUID, DataKey | None]) -> Any:
    """A JSON document with everything opened that is sealed in it. What cannot be opened any more is told as `redacted`.
    Raises Locked.
    """

    def mapping(token: str) -> Any:
        said = _opened(token, keys)
        return {REDACTED: True} if said is None else orjson.loads(said)

    return _replaced(value, mapping, lambda token: _text_or_withheld(_opened(token, keys)))


def masked_value(value: Any, keys: Mapping[UUID, DataKey | None]) -> Any:
    """A JSON document in which everything that is sealed says so, and what cannot be opened any more is told as `redacted`."""

    def gone(token: str) -> bool:
        try:
            return keys.get(key_id_of(token)) is None
        except Redacted:
            return True

    return _replaced(
        value,
        lambda token: {REDACTED if gone(token) else MASKED: True},
        lambda token: WITHHELD if gone(token) else HIDDEN,
    )


def _replaced(value: Any, mapping: Callable[[str], Any], text: Callable[[str], str]) -> Any:
    match value:
        case {"$sealed": str(token)}:
            return mapping(token)
        case dict():
            return {name: _replaced(each, mapping, text) for name, each in value.items()}
        case list():
            return [_replaced(each, mapping, text) for each in value]
        case str() if PREFIX in value:
            return _QUOTED.sub(lambda found: text(found[1]), value)
        case _:
            return value


def _opened(token: str, keys: Mapping[UUID, DataKey | None]) -> bytes | None:
    """What was sealed; None where nothing opens it any more."""
    try:
        key = keys.get(key_id_of(token))
        return None if key is None else key.open(token)
    except Redacted:
        return None


def _text_or_withheld(said: bytes | None) -> str:
    return WITHHELD if said is None else said.decode()


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
