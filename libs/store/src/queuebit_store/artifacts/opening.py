"""The artifacts of this process, where the environment says that there are some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from queuebit_store.artifacts.files import FileArtifacts
from queuebit_store.artifacts.port import MIB, Artifacts, Now, Shelf
from queuebit_store.errors import InvalidSettings

PLACE, MIB_MAX = "QUEUEBIT_ARTIFACTS", "QUEUEBIT_ARTIFACT_MIB_MAX"
KEEP_D = {Shelf.PAID: "QUEUEBIT_ARTIFACTS_KEEP_PAID_D", Shelf.FREE: "QUEUEBIT_ARTIFACTS_KEEP_D"}
MIB_DEFAULT, KEEP_DEFAULT_D = 64, {Shelf.PAID: 730, Shelf.FREE: 90}
KEEP_D_LEAST = 30
"""Longer than anything waits at a provider: what an attempt needs is there for as long as the attempt."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days what is on each shelf is kept since it was last put; 0 for ever."""

    days: Mapping[Shelf, int]

    def begins(self, shelf: Shelf, now: datetime) -> datetime | None:
        """What was put before this moment is kept no more; None where everything is."""
        days = self.days[shelf]
        return now - timedelta(days=days) if days else None


def artifacts_from(env: Mapping[str, str], now: Now) -> Artifacts | None:
    """The store that QUEUEBIT_ARTIFACTS names: a folder, or s3://BUCKET/PREFIX; None where it is not set.

    Raises InvalidSettings.
    """
    place = env.get(PLACE, "")
    if not place:
        return None
    bytes_max = _number(env, MIB_MAX, MIB_DEFAULT, 1) * MIB
    if not place.startswith("s3://"):
        root = Path(place.removeprefix("file://")).expanduser()
        if not root.is_absolute():
            raise InvalidSettings(f"{PLACE} is {place!r}.", remedy="Use an absolute path, or s3://BUCKET/PREFIX.")
        return FileArtifacts(root, now, bytes_max=bytes_max)
    try:
        from queuebit_store.artifacts.s3 import S3Artifacts
    except ImportError as error:
        raise InvalidSettings(
            f"{PLACE} names a bucket, and obstore is not installed.", remedy="Install the extra queuebit-store[s3]."
        ) from error
    parts = urlsplit(place)
    if not parts.netloc:
        raise InvalidSettings(f"{PLACE} is {place!r}.", remedy="Name the bucket: s3://BUCKET/PREFIX.")
    try:
        return S3Artifacts(
            parts.netloc,
            parts.path.strip("/"),
            now=now,
            endpoint=env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None,
            region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or None,
            bytes_max=bytes_max,
        )
    except ValueError as error:
        raise InvalidSettings(f"{PLACE} is {place!r}.", remedy="Use s3://BUCKET/PREFIX, without dots.") from error


def retention_from(env: Mapping[str, str]) -> Retention:
    """For how long artifacts are kept. Raises InvalidSettings."""
    return Retention(
        {shelf: _number(env, KEEP_D[shelf], KEEP_DEFAULT_D[shelf], KEEP_D_LEAST, zero=True) for shelf in Shelf}
    )


def _number(env: Mapping[str, str], name: str, default: int, least: int, *, zero: bool = False) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or len(text) > 6 or (int(text) < least and not (zero and int(text) == 0)):
        raise InvalidSettings(
            f"{name} is {text[:40]!r}.", remedy=f"Use a whole number from {least}{', or 0 for ever' if zero else ''}."
        )
    return int(text)
