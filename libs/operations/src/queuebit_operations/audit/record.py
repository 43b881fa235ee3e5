"""What is kept of the log outside of the database: a file of lines, one for every 1,024 events and one for every checkpoint."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.model import StrictModel
from queuebit_operations.errors import BadArgument
from queuebit_store.ports import Position

TILE = 1024
"""So many events share a line: what is wrong is found to within them."""

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Place = tuple[int, int, int]


class Tile(StrictModel):
    """The hash over 1,024 events in a row, the last of which stands at `last`. `months`: in which their streams began."""

    line: Literal["tile"] = "tile"
    hash: Hash
    last: Place
    first_at: AwareDatetime
    last_at: AwareDatetime
    months: tuple[str, ...]

    @property
    def end(self) -> Position:
        return Position(*self.last)


class Checkpoint(StrictModel):
    """The hash over the first `size` events, the last of which stands at `last`, with a signature over all of that."""

    line: Literal["checkpoint"] = "checkpoint"
    origin: str
    size: Annotated[int, Field(ge=0)]
    root: Hash
    last: Place
    at: AwareDatetime
    signature: str = ""

    @property
    def end(self) -> Position:
        return Position(*self.last)

    @property
    def _said(self) -> bytes:
        return b"queuebit audit\n" + canonical_json(self.model_dump(mode="json", exclude={"signature"}))

    def signed(self, key: Ed25519PrivateKey) -> Checkpoint:
        return self.model_copy(update={"signature": b64encode(key.sign(self._said)).decode()})

    def is_by(self, public: Ed25519PublicKey) -> bool:
        try:
            public.verify(b64decode(self.signature, validate=True), self._said)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(slots=True)
class Record:
    """The lines of a file, in order."""

    tiles: list[Tile] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)


_LINE: TypeAdapter[Tile | Checkpoint] = TypeAdapter(Annotated[Tile | Checkpoint, Field(discriminator="line")])


def read_record(file: Path, *, may_be_new: bool = False) -> Record:
    """What a file says. Raises BadArgument where it cannot be read."""
    found = Record()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if may_be_new:
            return found
        raise BadArgument(
            f"There is no file {file}.", remedy="`queuebit audit checkpoint --to FILE` makes it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadArgument(f"The file {file} cannot be read: {type(error).__name__}.") from None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            said = _LINE.validate_json(line)
        except ValidationError:
            raise BadArgument(f"Line {number} of {file} is none of an audit record.") from None
        if isinstance(said, Tile):
            found.tiles.append(said)
        else:
            found.checkpoints.append(said)
    return found


def append_record(file: Path, lines: list[Tile | Checkpoint]) -> None:
    """Write them behind what is there, and see that they are on disk. Raises BadArgument."""
    text = "".join(json.dumps(each.model_dump(mode="json"), separators=(",", ":")) + "\n" for each in lines)
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise BadArgument(f"The file {file} cannot be written: {error.strerror}.") from None


def private_key(file: Path) -> Ed25519PrivateKey:
    """The key that signs: 32 bytes in base64. Raises BadArgument."""
    try:
        return Ed25519PrivateKey.from_private_bytes(b64decode(file.read_text(encoding="ascii").strip(), validate=True))
    except (OSError, ValueError):
        raise BadArgument(f"{file} holds no key.", remedy="`queuebit audit key FILE` makes one.") from None


def public_key(text: str) -> Ed25519PublicKey:
    """The key that signatures are checked with: 32 bytes in base64. Raises BadArgument."""
    try:
        return Ed25519PublicKey.from_public_bytes(b64decode(text, validate=True))
    except ValueError:
        raise BadArgument("This is no public key.", remedy="`queuebit audit key FILE` printed it.") from None


def make_key(file: Path, random: bytes) -> str:
    """Write a fresh key where only its owner can read it; its public part. Raises BadArgument where there is a file."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(b64encode(random).decode() + "\n")
    except OSError as error:
        raise BadArgument(f"The file {file} cannot be made: {error.strerror}.") from None
    return public_text(Ed25519PrivateKey.from_private_bytes(random))


def public_text(key: Ed25519PrivateKey) -> str:
    """The public part of a key as text."""
    return b64encode(key.public_key().public_bytes_raw()).decode()


def document_of(said: StrictModel) -> dict[str, Any]:
    """As JSON has it."""
    found: dict[str, Any] = said.model_dump(mode="json")
    return found
