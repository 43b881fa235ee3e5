"""The jars of Apache Kafka: pinned by coordinates and checksum, fetched once, then used offline.

The pin is `kafka-jars.sha256`: for each jar its SHA-256 and its path in Maven's repository layout, from which the
coordinates follow. `sha256sum -c` understands it. The cache is a plain folder of those jars.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath

from queuebit_devstack.errors import JarsCorrupt, JarsUnavailable

KAFKA_VERSION = "4.3.0"
_FETCHERS = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PinnedJar:
    """One jar of the pin: its SHA-256 in hex and its path in Maven's layout."""

    sha256: str
    path: PurePosixPath

    @property
    def name(self) -> str:
        """The file name."""
        return self.path.name

    @property
    def coordinates(self) -> str:
        """`group:artifact:version`, read off the path."""
        *group, artifact, version, _ = self.path.parts
        return f"{'.'.join(group)}:{artifact}:{version}"


Fetch = Callable[[Sequence[PinnedJar], Path], Sequence[Path]]
"""Brings the jars into a folder of its own choice below the given one and returns their files in the same order."""


def parse_pins(text: str) -> tuple[PinnedJar, ...]:
    """Read the checksum list."""
    words = [line.split() for line in text.splitlines() if line.strip()]
    return tuple(PinnedJar(sha256, PurePosixPath(path)) for sha256, path in words)


def pinned_jars() -> tuple[PinnedJar, ...]:
    """The list that this version was packaged with."""
    return parse_pins((resources.files("queuebit_devstack") / "kafka-jars.sha256").read_text())


def cache_dir(environ: Mapping[str, str] | None = None) -> Path:
    """QUEUEBIT_CACHE, else `queuebit` in the user's cache folder."""
    environ = os.environ if environ is None else environ
    if chosen := environ.get("QUEUEBIT_CACHE"):
        return Path(chosen).expanduser().resolve()
    base = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "queuebit"


def verify_jars(folder: Path, pins: Sequence[PinnedJar]) -> tuple[str, ...]:
    """Return the names of the jars that are missing in `folder` or have another checksum."""
    return tuple(pin.name for pin in pins if not _matches(folder / pin.name, pin))


def ensure_jars(
    cache: Path | None = None, pins: Sequence[PinnedJar] | None = None, fetch: Fetch | None = None
) -> tuple[Path, ...]:
    """Return the jars of the broker, fetched if need be and always verified.

    Several processes may do this at once: each fetches into a folder of its own and the whole folder is put in place
    by one rename, which the first wins. Raises `JarsUnavailable` and `JarsCorrupt`.
    """
    pins = pinned_jars() if pins is None else pins
    cache = cache_dir() if cache is None else cache
    folder = cache / f"kafka-{KAFKA_VERSION}-{_pin_digest(pins)}"
    if folder.is_dir():
        damaged = verify_jars(folder, pins)
        if not damaged:
            return tuple(folder / pin.name for pin in pins)
        _log.warning("%s in %s is damaged or missing: fetching all again.", ", ".join(damaged), folder)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as scratch:
        _fill(folder, Path(scratch), pins, fetch or fetch_with_jgo)
    return tuple(folder / pin.name for pin in pins)


def _fill(folder: Path, scratch: Path, pins: Sequence[PinnedJar], fetch: Fetch) -> None:
    fresh = scratch / "jars"
    fresh.mkdir()
    for pin, file in zip(pins, fetch(pins, scratch / "repository"), strict=True):
        file.rename(fresh / pin.name)
    wrong = verify_jars(fresh, pins)
    if wrong:
        raise JarsCorrupt(
            f"Fetched jars differ from the pinned checksums: {', '.join(wrong)}.",
            remedy="Do not use them: the package registry or something on the way to it changed them.",
        )
    try:
        fresh.rename(folder)
    except OSError:
        if not verify_jars(folder, pins):
            return  # Another process was faster.
        shutil.move(folder, scratch / "damaged")
        fresh.rename(folder)


def fetch_with_jgo(pins: Sequence[PinnedJar], scratch: Path) -> Sequence[Path]:
    """Fetch the jars by their coordinates with jgo, a resolver in pure Python. Raises `JarsUnavailable`."""
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=scratch, timeout=60)

    def fetch_one(pin: PinnedJar) -> Path:
        group, artifact, version = pin.coordinates.split(":")
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())

    try:
        with ThreadPoolExecutor(_FETCHERS) as pool:
            return list(pool.map(fetch_one, pins))
    except Exception as error:
        raise JarsUnavailable(
            f"The jars of Apache Kafka {KAFKA_VERSION} could not be fetched: {error}",
            remedy="They are needed once: connect to the network, or set QUEUEBIT_CACHE to a folder that has them, "
            "or set QUEUEBIT_KAFKA to a broker that already runs.",
        ) from error


def _pin_digest(pins: Sequence[PinnedJar]) -> str:
    return hashlib.sha256("".join(pin.sha256 for pin in pins).encode()).hexdigest()[:12]


def _matches(file: Path, pin: PinnedJar) -> bool:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == pin.sha256
    except FileNotFoundError:
        return False
