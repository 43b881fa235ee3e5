"""The list of what is kept of an attempt: an artifact itself, so that its hash stands for all of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from queuebit_store.errors import ArtifactDamaged

VERSION = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One artifact. `about` says more of it: when it was seen, with which status. `sha256` is None where nothing came; `kept`
    is False where only the hash is known.
    """

    name: str
    sha256: str | None
    bytes: int
    kept: bool = True
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`of` names the attempt."""

    of: Mapping[str, Any]
    items: tuple[Item, ...]

    def item(self, name: str) -> Item | None:
        """The last of that name, or the one of that hash."""
        return next((each for each in reversed(self.items) if name in (each.name, each.sha256)), None)


def encode_manifest(of: Mapping[str, Any], items: Iterable[Item]) -> bytes:
    """The same list gives the same bytes."""
    rows = [
        {
            "name": each.name,
            "sha256": each.sha256,
            "bytes": each.bytes,
            **({} if each.kept else {"kept": False}),
            **({"about": dict(each.about)} if each.about else {}),
        }
        for each in items
    ]
    document = {"version": VERSION, "of": dict(of), "items": rows}
    return json.dumps(document, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def decode_manifest(data: bytes) -> Manifest:
    """Raises ArtifactDamaged where this version cannot read it."""
    try:
        found = json.loads(data)
        if found["version"] != VERSION:
            raise ArtifactDamaged(
                f"The list of artifacts is of version {found['version']}; this one reads {VERSION}.",
                remedy="Read it with the release that wrote it.",
            )
        items = tuple(
            Item(row["name"], row["sha256"], row["bytes"], row.get("kept", True), row.get("about", {}))
            for row in found["items"]
        )
        return Manifest(found["of"], items)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactDamaged(f"The list of artifacts cannot be read: {error!r}") from error
