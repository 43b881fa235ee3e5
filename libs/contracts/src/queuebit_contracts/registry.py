"""What may be said, by name and schema version, and how data of an older version is read as today's.

A version that was ever shipped stays readable. When an event changes in a way that its readers would not survive, today's model
keeps the class name and counts its `schema_version` up; the model of before is kept under another class name with the old
`type_name`, and an `Upcast` leads from it to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from queuebit_contracts import commands, events, operators
from queuebit_contracts.data import Data
from queuebit_contracts.errors import FieldError, UnknownType
from queuebit_contracts.large import TEXT_BYTES_MIN
from queuebit_contracts.structured import Document, decode_data, read_data

PREFIX = "io.queuebit."

Step = Callable[[Any], Data]


class Upcast(NamedTuple):
    """Data of an old version as data of the next: `step` is pure and takes whatever is valid data of the old one."""

    old: type[Data]
    new: type[Data]
    step: Step


class Known(NamedTuple):
    """A version that is read: its model, and the way from there to today's, which is None for today's own."""

    model: type[Data]
    upcast: Step | None = None


@cache
def name_of(model: type[Data]) -> str:
    """The name of what is said, which all its versions share."""
    return model.type_name or model.__name__


@lru_cache(maxsize=1024)
def type_name_of(name: str, schema_version: int) -> str:
    """The CloudEvents type of a version."""
    return f"{PREFIX}{name}.v{schema_version}"


@cache
def type_of(model: type[Data]) -> str:
    """The CloudEvents type that the model is written as."""
    return type_name_of(name_of(model), model.schema_version)


@cache
def type_bytes_of(model: type[Data]) -> bytes:
    """`type_of` as a header has it."""
    return type_of(model).encode()


class Registry:
    """The versions that are read: today's models, and older ones by their upcasts, of which the last leads to today's."""

    def __init__(self, models: Iterable[type[Data]], upcasts: Iterable[Upcast] = ()) -> None:
        """Raises ValueError where a version is named twice, or an upcast leads nowhere."""
        today = {type_of(model): Known(model) for model in models}
        steps = {upcast.old: upcast for upcast in upcasts}
        older = {type_of(model): Known(model, _way(model, steps, today)) for model in steps}
        if today.keys() & older.keys():
            raise ValueError(f"named twice: {', '.join(sorted(today.keys() & older.keys()))}")
        self.known: Mapping[str, Known] = {**today, **older}
        self.known_bytes: Mapping[bytes, Known] = {name.encode(): known for name, known in self.known.items()}

    def named(self, type_name: str) -> Known:
        """The version of a CloudEvents type. Raises UnknownType."""
        known = self.known.get(type_name)
        if known is None:
            raise UnknownType(
                f"The type {type_name[:200]!r} is not known.",
                remedy=f"Use one of: {', '.join(sorted(self.known))}.",
                fields=(FieldError("/ce_type", "unknown_type", "is not known"),),
            )
        return known

    def read_stored(self, name: str, schema_version: int, data: str, *, text: bool = False) -> Data:
        """Data as the event store keeps it. Raises UnknownType and InvalidData. `text`: see `decode_data`."""
        return read_data_of(self.named(type_name_of(name, schema_version)), data.encode(), text=text)


def read_data_of(known: Known, said: bytes | Document, *, text: bool = False) -> Data:
    """The one place where bytes become data of today, from wherever they come. Raises as `decode_data` and `read_data`."""
    if known.upcast is None and type(said) is bytes and (not text or len(said) < TEXT_BYTES_MIN):
        try:
            # Nearly all that is read: no more calls than it needs. What is wrong is read again, to say where.
            today: Data = known.model.__pydantic_validator__.validate_json(said)
            return today
        except ValidationError:
            pass
    data = decode_data(known.model, said, text=text) if isinstance(said, bytes) else read_data(said, known.model)
    return data if known.upcast is None else known.upcast(data)


def _way(model: type[Data], steps: Mapping[type[Data], Upcast], today: Mapping[str, Known]) -> Step:
    """All steps from the model to today's."""
    way: list[Step] = []
    seen: set[type[Data]] = set()
    at = model
    while at in steps:
        if at in seen:
            raise ValueError(f"the upcasts of {type_of(model)} go round")
        seen.add(at)
        way.append(steps[at].step)
        at = steps[at].new
    if today.get(type_of(at)) != Known(at) or name_of(at) != name_of(model):
        raise ValueError(f"the upcasts of {type_of(model)} do not lead to a version of today")

    def upcast(data: Data) -> Data:
        for step in way:
            data = step(data)
        return data

    return upcast


def _members(union: Any) -> tuple[type[Data], ...]:
    return get_args(union) or (union,)


MODELS: tuple[type[Data], ...] = (
    *_members(events.JobEvent),
    events.BackendStatusReported,
    *_members(operators.HoldEvent),
    *_members(operators.OperationEvent),
    *_members(commands.Command),
)
UPCASTS: tuple[Upcast, ...] = ()
REGISTRY = Registry(MODELS, UPCASTS)
