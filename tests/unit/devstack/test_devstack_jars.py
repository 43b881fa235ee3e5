"""The pinned jars: verified, cached as a whole, used offline."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest

from queuebit_devstack.errors import JarsCorrupt, JarsUnavailable
from queuebit_devstack.jars import (
    PinnedJar,
    cache_dir,
    ensure_jars,
    parse_pins,
    pinned_jars,
    verify_jars,
)

CONTENTS = {"a-1.jar": b"first", "b-2.jar": b"second"}
PINS = (
    PinnedJar(hashlib.sha256(b"first").hexdigest(), PurePosixPath("org/x/a/1/a-1.jar")),
    PinnedJar(hashlib.sha256(b"second").hexdigest(), PurePosixPath("org/x/b/2/b-2.jar")),
)


class Registry:
    """Serves the contents and counts how often it is asked."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.fetches = 0

    def __call__(self, pins: Sequence[PinnedJar], scratch: Path) -> Sequence[Path]:
        self.fetches += 1
        scratch.mkdir()
        for pin in pins:
            (scratch / pin.name).write_bytes(self.contents[pin.name])
        return [scratch / pin.name for pin in pins]


def offline(pins: Sequence[PinnedJar], scratch: Path) -> Sequence[Path]:
    raise JarsUnavailable


def test_the_pin_names_kafka_and_a_log_binding() -> None:
    coordinates = {pin.coordinates for pin in pinned_jars()}
    assert "org.apache.kafka:kafka_2.13:4.3.0" in coordinates
    assert "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4" in coordinates
    assert all(len(pin.sha256) == 64 for pin in pinned_jars())
    assert len({pin.name for pin in pinned_jars()}) == len(pinned_jars()) == 46


def test_a_list_is_read_line_by_line() -> None:
    text = "".join(f"{pin.sha256}  {pin.path}\n" for pin in PINS)
    assert parse_pins(text) == PINS
    assert [pin.coordinates for pin in PINS] == ["org.x:a:1", "org.x:b:2"]


def test_jars_are_fetched_once_and_then_used_offline(tmp_path: Path) -> None:
    registry = Registry(CONTENTS)
    jars = ensure_jars(tmp_path, PINS, registry)
    assert [(jar.name, jar.read_bytes()) for jar in jars] == list(CONTENTS.items())
    assert ensure_jars(tmp_path, PINS, offline) == jars
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["lock", jars[0].parent.name])


def test_a_damaged_cache_is_replaced(tmp_path: Path) -> None:
    jars = ensure_jars(tmp_path, PINS, Registry(CONTENTS))
    jars[0].write_bytes(b"damaged")
    jars[1].unlink()
    assert verify_jars(jars[0].parent, PINS) == ("a-1.jar", "b-2.jar")
    assert ensure_jars(tmp_path, PINS, Registry(CONTENTS)) == jars
    assert verify_jars(jars[0].parent, PINS) == ()


def test_changed_jars_are_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(JarsCorrupt, match=r"a-1\.jar"):
        ensure_jars(tmp_path, PINS, Registry(CONTENTS | {"a-1.jar": b"changed"}))
    assert [each.name for each in tmp_path.iterdir()] == ["lock"]


def test_a_killed_fetch_is_swept_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "fetch-killed" / "repository").mkdir(parents=True)
    jars = ensure_jars(tmp_path, PINS, Registry(CONTENTS))
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["lock", jars[0].parent.name])


def test_concurrent_first_uses_fetch_once(tmp_path: Path) -> None:
    registry = Registry(CONTENTS)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: ensure_jars(tmp_path, PINS, registry), range(4)))
    assert len(set(results)) == 1
    assert registry.fetches == 1


def test_a_cache_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JarsUnavailable, match="QUEUEBIT_CACHE"):
        ensure_jars(tmp_path / "file", PINS, Registry(CONTENTS))


def test_where_the_cache_is(tmp_path: Path) -> None:
    assert cache_dir({"QUEUEBIT_CACHE": str(tmp_path), "XDG_CACHE_HOME": "/x"}) == tmp_path
    assert cache_dir({"XDG_CACHE_HOME": "/x"}) == Path("/x/queuebit")
    assert cache_dir({}) == Path.home() / ".cache" / "queuebit"


def test_no_resolver_is_imported_where_the_jars_are_cached(tmp_path: Path) -> None:
    jars = ensure_jars(tmp_path, PINS, Registry(CONTENTS))
    script = (
        "import sys; from pathlib import Path; from queuebit_devstack.jars import ensure_jars, parse_pins\n"
        "ensure_jars(Path(sys.argv[1]), parse_pins(sys.argv[2])); print('jgo' in sys.modules)"
    )
    pins = "".join(f"{pin.sha256}  {pin.path}\n" for pin in PINS)
    command = [sys.executable, "-c", script, str(jars[0].parent.parent), pins]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
