"""What is changed by one call besides jobs: a value that says the call and the model of its answer. `client.send` makes it.

Each change has an idempotency key, so that a call which is repeated makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from queuebit_contracts.model import Model

M = TypeVar("M", bound=Model)


class Done(Model):
    """It is done; there is nothing to tell of it."""


@dataclass(frozen=True, slots=True)
class Change(Generic[M]):
    """A call that changes something. `key`: its idempotency key, a fresh one where none is given."""

    model: type[M]
    method: Literal["POST", "PATCH", "DELETE"]
    path: str
    body: Mapping[str, Any] | None = None
    key: str | None = None


def path_of(collection: str, item_id: object, verb: str = "") -> str:
    """The path of one thing, or of a verb of it."""
    return f"/v1/{collection}/{quote(str(item_id), safe='')}{verb}"


def stated(**fields: Any) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
