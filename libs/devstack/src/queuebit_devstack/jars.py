"""The jars of Apache Kafka: pinned by coordinates and checksum, fetched once, then used offline.

The pin is `kafka-jars.sha256`: for each jar its SHA-256 and its path in Maven's repository layout, from which the
coordinates follow. `sha256sum -c` understands it. The cache is a plain folder of those jars.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath

from queuebit_devstack.errors import JarsCorrupt, JarsUnavailable
from queuebit_devstack.locks import file_lock

KAFKA_VERSION = "4.3.0"
_FETCHERS = 8
_LOCK_TIMEOUT_S = 600.0


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
"""Brings the jars into the given scratch folder and returns their files in the same order."""


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
    """Return the jars of the broker, fetched if need be and always verified. Blocks.

    Of several processes that do this at once one fetches and the others wait for it; the folder appears complete and
    verified, by one rename. Raises `JarsUnavailable` and `JarsCorrupt`.
    """
    pins = pinned_jars() if pins is None else pins
    cache = cache_dir() if cache is None else cache
    folder = cache / f"kafka-{KAFKA_VERSION}-{_pin_digest(pins)}"
    if verify_jars(folder, pins):
        try:
            with file_lock(cache / "lock", _LOCK_TIMEOUT_S):
                if verify_jars(folder, pins):
                    _fill(folder, pins, fetch or fetch_with_jgo)
        except TimeoutError as error:
            raise JarsUnavailable(f"Another process has been fetching into {cache} for very long.") from error
        except OSError as error:
            raise JarsUnavailable(
                f"The cache {cache} cannot be written: {error}.",
                remedy="Set QUEUEBIT_CACHE to a folder of yours.",
            ) from error
    return tuple(folder / pin.name for pin in pins)


def _fill(folder: Path, pins: Sequence[PinnedJar], fetch: Fetch) -> None:
    """Fetch into a scratch folder, verify, and put in place. The caller holds the lock, so old scratch is litter."""
    for litter in (*folder.parent.glob("fetch-*"), folder):
        if litter.is_dir():
            shutil.rmtree(litter)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder.parent) as scratch:
        fresh = Path(scratch) / "jars"
        fresh.mkdir()
        for pin, file in zip(pins, fetch(pins, Path(scratch) / "repository"), strict=True):
            shutil.copyfile(file, fresh / pin.name)
        wrong = verify_jars(fresh, pins)
        if wrong:
            raise JarsCorrupt(
                f"Fetched jars differ from the pinned checksums: {', '.join(wrong)}.",
                remedy="Do not use them: the package registry or something on the way to it changed them.",
            )
        fresh.rename(folder)


def fetch_with_jgo(pins: Sequence[PinnedJar], scratch: Path) -> Sequence[Path]:
    """Fetch the jars by their coordinates with jgo, from the repositories of its settings and Maven Central.

    Raises `JarsUnavailable`.
    """
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=scratch, remote_repos=repositories, timeout=60)

    def fetch_one(pin: PinnedJar) -> Path:
        group, artifact, version = pin.coordinates.split(":")
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())

    try:
        with ThreadPoolExecutor(_FETCHERS) as pool:
            return list(pool.map(fetch_one, pins))
    except Exception as error:
        raise JarsUnavailable(
            f"The jars of Apache Kafka {KAFKA_VERSION} could not be fetched: {error}.",
            remedy="They are needed once: connect to the network, or set QUEUEBIT_CACHE to a folder that has them, "
            "or set QUEUEBIT_KAFKA to a broker that already runs.",
        ) from error


def _pin_digest(pins: Sequence[PinnedJar]) -> str:
    return hashlib.sha256("".join(pin.sha256 for pin in pins).encode()).hexdigest()[:12]


def _matches(file: Path, pin: PinnedJar) -> bool:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == pin.sha256
    except (FileNotFoundError, NotADirectoryError):
        return False
