"""A changed copy of a frozen dataclass without slots: much faster than `dataclasses.replace`, which runs `__init__` again."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def copy_with(value: T, **changes: Any) -> T:
    """`value` with these fields changed. Every name must be a field; the fields are not checked."""
    copy = object.__new__(type(value))
    object.__setattr__(copy, "__dict__", value.__dict__ | changes)
    return copy
