"""Whether two JSON Schemas of one message go together: FULL_TRANSITIVE, each reads whatever the other allows to be written.

A schema is compared as readers of ours take it: fields that a reader does not know are passed over, unless it forbids them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SAME = ("pattern", "format", "multipleOf", "uniqueItems")


def faults(before: Schema, now: Schema) -> list[str]:
    """Why the two versions of a schema do not go together; empty where they do."""
    backward = [f"what was written before is not read now: {each}" for each in _Reading(now, before).faults()]
    forward = [f"what is written now was not read before: {each}" for each in _Reading(before, now).faults()]
    return [*dict.fromkeys((*backward, *forward))]


class _Reading:
    """One schema reads what another allows."""

    def __init__(self, reader: Schema, writer: Schema) -> None:
        self._reader, self._writer = reader, writer
        self._seen: set[tuple[str, str]] = set()

    def faults(self) -> list[str]:
        return list(self._compared(self._reader, self._writer, ""))

    def _compared(self, reader: Any, writer: Any, at: str) -> Iterator[str]:
        if isinstance(reader, Mapping) and isinstance(writer, Mapping):
            names = (str(reader.get("$ref")), str(writer.get("$ref")))
            if names != ("None", "None"):
                if names in self._seen:
                    return
                self._seen.add(names)
        reader, writer = _resolved(reader, self._reader), _resolved(writer, self._writer)
        if reader == {}:
            return
        branches = _branches(writer)
        if len(branches) > 1 or "anyOf" in writer or "oneOf" in writer:
            for branch in branches:
                yield from self._compared(reader, branch, at)
            return
        choices = _branches(reader)
        if len(choices) > 1:
            found = [list(_Reading(self._reader, self._writer)._compared(each, writer, at)) for each in choices]
            if all(found):
                yield min(found, key=len)[0]
            return
        yield from self._of_one(choices[0], writer, at)

    def _of_one(self, reader: Schema, writer: Schema, at: str) -> Iterator[str]:
        reader = _resolved(reader, self._reader)
        yield from _values(reader, writer, at)
        yield from _types(reader, writer, at)
        yield from _bounds(reader, writer, at)
        yield from self._fields(reader, writer, at)
        yield from self._items(reader, writer, at)

    def _fields(self, reader: Schema, writer: Schema, at: str) -> Iterator[str]:
        read, written = reader.get("properties", {}), writer.get("properties", {})
        for name in reader.get("required", ()):
            if name not in writer.get("required", ()):
                yield f"{at}/{name} is required, and may be missing"
        rest = reader.get("additionalProperties", True)
        for name, schema in written.items():
            if name in read:
                yield from self._compared(read[name], schema, f"{at}/{name}")
            elif rest is False:
                yield f"{at}/{name} is forbidden"
            elif isinstance(rest, Mapping):
                yield from self._compared(rest, schema, f"{at}/{name}")
        others = writer.get("additionalProperties")
        if isinstance(rest, Mapping) and isinstance(others, Mapping):
            yield from self._compared(rest, others, f"{at}/*")
        elif rest is False and isinstance(others, Mapping):
            yield f"{at}/* is forbidden"

    def _items(self, reader: Schema, writer: Schema, at: str) -> Iterator[str]:
        if "items" in reader and "items" in writer:
            yield from self._compared(reader["items"], writer["items"], f"{at}/*")
        elif isinstance(reader.get("items"), Mapping) and writer.get("type") == "array" and "prefixItems" not in writer:
            yield f"{at}/* may be anything"
        for place, (read, written) in enumerate(
            zip(reader.get("prefixItems", ()), writer.get("prefixItems", ()), strict=False)
        ):
            yield from self._compared(read, written, f"{at}/{place}")


def _values(reader: Schema, writer: Schema, at: str) -> Iterator[str]:
    allowed, written = _enumerated(reader), _enumerated(writer)
    if allowed is None:
        return
    if written is None:
        yield f"{at or '/'} may be more than {allowed}"
        return
    for value in written:
        if value not in allowed:
            yield f"{at or '/'} may be {value!r}"


def _types(reader: Schema, writer: Schema, at: str) -> Iterator[str]:
    allowed, written = reader.get("type"), writer.get("type")
    if allowed is None or _enumerated(reader) is not None:
        return
    if written != allowed and not (written == "integer" and allowed == "number"):
        yield f"{at or '/'} may be {written or 'anything'}, not {allowed}"


def _bounds(reader: Schema, writer: Schema, at: str) -> Iterator[str]:
    for name in _LEAST:
        if name in reader and (name not in writer or writer[name] < reader[name]):
            yield f"{at or '/'} has {name} {reader[name]}, and {writer.get(name, 'none')} is written"
    for name in _MOST:
        if name in reader and (name not in writer or writer[name] > reader[name]):
            yield f"{at or '/'} has {name} {reader[name]}, and {writer.get(name, 'none')} is written"
    for name in _SAME:
        if name in reader and writer.get(name) != reader[name] and _enumerated(writer) is None:
            yield f"{at or '/'} has {name} {reader[name]!r}, and {writer.get(name)!r} is written"


def _enumerated(schema: Schema) -> Sequence[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: Sequence[Any] | None = schema.get("enum")
    return found


def _branches(schema: Schema) -> list[Schema]:
    found = schema.get("anyOf") or schema.get("oneOf")
    return list(found) if found else [schema]


def _resolved(schema: Any, root: Schema) -> Schema:
    """The schema that is referred to; one that allows anything is empty."""
    if schema is True:
        return {}
    while isinstance(schema, Mapping) and "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    assert isinstance(schema, Mapping)
    return {
        name: value
        for name, value in schema.items()
        if name not in ("title", "description", "default", "examples", "x-sensitive", "$defs", "$schema")
    }
