"""A changed copy of a frozen dataclass, several times faster than `dataclasses.replace`, which runs `__init__` again."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")

_set = object.__setattr__


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def changed(value: T, **changes: Any) -> T:
    """`value` with these fields changed. Every name must be a field; the fields are not checked."""
    kind = type(value)
    copy = object.__new__(kind)
    for name in _names(cast(Any, kind)):
        _set(copy, name, changes[name] if name in changes else getattr(value, name))
    return copy
