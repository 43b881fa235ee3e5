"""What may be said, by name and schema version, and how data of an older version is read as today's.

A version that was ever shipped stays readable. When an event changes in a way that its readers would not survive, today's model
keeps the class name and counts its `schema_version` up; the model of before is kept under another class name with the old
`type_name`, and an `Upcast` leads from it to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from queuebit_contracts import commands, events, operators, paths, policy
from queuebit_contracts.data import Data
from queuebit_contracts.errors import FieldError, UnknownType
from queuebit_contracts.large import TEXT_BYTES_MIN
from queuebit_contracts.structured import Document, decode_data, read_data

PREFIX = "io.queuebit."

Step = Callable[[Any], Data]


class Upcast(NamedTuple):
    """Data of an old version as data of the next: `step` is pure and takes whatever is valid data of the old one.

    `back` says the new one's data in the old version, for writers beside readers that know no newer; None where it cannot be.
    """

    old: type[Data]
    new: type[Data]
    step: Step
    back: Step | None = None


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
        self._before = {upcast.new: upcast for upcast in steps.values()}
        older = {type_of(model): Known(model, _way(model, steps, today)) for model in steps}
        if today.keys() & older.keys():
            raise ValueError(f"named twice: {', '.join(sorted(today.keys() & older.keys()))}")
        self.known: Mapping[str, Known] = {**today, **older}
        self.known_bytes: Mapping[bytes, Known] = {name.encode(): known for name, known in self.known.items()}

    def named(self, type_name: str) -> Known:
        """The version of a CloudEvents type. Raises UnknownType."""
        known = self.known.get(type_name)
        if known is None:
            if self._is_newer(type_name):
                raise UnknownType(
                    f"The type {type_name!r} is that of a newer release.",
                    remedy="Run a release that knows it here, then send the message again; or let the new release write the "
                    "older version while this one runs (QUEUEBIT_CONTROL_PLANE_WRITE_AS).",
                    fields=(FieldError("/ce_type", "newer_version", "is newer than what is known"),),
                )
            raise UnknownType(
                f"The type {type_name[:200]!r} is not known.",
                remedy=f"Use one of: {', '.join(sorted(self.known))}.",
                fields=(FieldError("/ce_type", "unknown_type", "is not known"),),
            )
        return known

    def _is_newer(self, type_name: str) -> bool:
        """Whether it is a version, beyond those that are known, of a name that is."""
        name, _, version = type_name.rpartition(".v")
        known = [int(each.rpartition(".v")[2]) for each in self.known if each.rpartition(".v")[0] == name]
        return bool(known) and version.isdecimal() and len(version) < 6 and int(version) > max(known)

    def written_as(self, versions: Iterable[str]) -> Mapping[type[Data], Step]:
        """How data of today is said in older versions, each named like `JobPlanned.v1`; what is not named stays as it is.

        Raises UnknownType for a version that is not read, and ValueError for one that today's cannot be said in.
        """
        found: dict[type[Data], Step] = {}
        for version in versions:
            wanted = self.named(f"{PREFIX}{version}").model
            today = next(known.model for known in self.known.values() if known.upcast is None and _alike(known, wanted))
            back: list[Step] = []
            at = today
            while at is not wanted:
                upcast = self._before.get(at)
                if upcast is None or upcast.back is None:
                    raise ValueError(f"{type_of(today)} cannot be said as {version}")
                back.append(upcast.back)
                at = upcast.old
            if back:
                found[today] = _chained(back)
        return found

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

    return _chained(way)


def _chained(steps: Sequence[Step]) -> Step:
    def walk(data: Data) -> Data:
        for step in steps:
            data = step(data)
        return data

    return walk


def _alike(known: Known, model: type[Data]) -> bool:
    return name_of(known.model) == name_of(model)


def _members(union: Any) -> tuple[type[Data], ...]:
    return get_args(union) or (union,)


MODELS: tuple[type[Data], ...] = (
    *_members(events.JobEvent),
    events.BackendStatusReported,
    *_members(operators.HoldEvent),
    *_members(operators.OperationEvent),
    *_members(paths.PathEvent),
    *_members(policy.PolicyEvent),
    *_members(commands.Command),
)
UPCASTS: tuple[Upcast, ...] = ()
REGISTRY = Registry(MODELS, UPCASTS)
