"""The classes of data that events hold, read from the marks on the contracts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from queuebit_contracts.events import Event
from queuebit_contracts.model import SensitiveMark

DataClass = Literal["internal", "confidential", "personal"]
"""internal: how the service goes about its work. confidential: what a customer said or was told. personal: the same, where the
job names whose data it is; it is sealed and goes with its key.
"""


def confidential_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """The places in a message that may hold a customer's data, as dotted names."""
    return tuple(_marked(model, ""))


def class_of(event: type[Event], *, of_subject: bool) -> DataClass:
    """The highest class of what the event holds."""
    if not confidential_fields(event):
        return "internal"
    return "personal" if of_subject else "confidential"


def _marked(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = list(_models(field.annotation))
        below = [place for each in inner for place in _marked(each, f"{prefix}{name}.")]
        if below:
            yield from below
        elif _is_marked(field):
            yield f"{prefix}{name}"


def _is_marked(field: FieldInfo) -> bool:
    return any(isinstance(each, SensitiveMark) for each in _metadata(field))


def _metadata(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    for each in _parts(field.annotation):
        yield from getattr(each, "__metadata__", ())


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for each in get_args(annotation):
        yield from _parts(each)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for each in _parts(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each
