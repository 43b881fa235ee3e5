"""What Java keeps about the broker's classes is used where it is, and nothing depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from queuebit_devstack import class_cache, kafka
from queuebit_devstack.class_cache import ensure_class_cache
from queuebit_devstack.errors import JavaMissing, ToolFailed
from queuebit_devstack.java import Java
from queuebit_devstack.kafka import CLASSES_ALONE, KafkaCluster, cache_file, plan_nodes

JARS = (Path("/cache/kafka-4.3.0-abc/kafka.jar"),)


def flags(monkeypatch: pytest.MonkeyPatch, folder: Path, java: Java) -> list[str]:
    """What a broker is started with."""
    started: list[list[str]] = []
    monkeypatch.setattr(kafka, "spawn", lambda _name, argv, **_more: started.append(argv))
    cluster = KafkaCluster(folder, plan_nodes(folder, 1), java, JARS)
    cluster.spawn_node(cluster.nodes[0])
    return [flag for flag in started[0] if "AOT" in flag]


def a_java(folder: Path, major: int = 25) -> Java:
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    return Java(folder / "bin" / "java", major)


def test_a_broker_reads_it_where_it_was_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = a_java(tmp_path)
    kept = tmp_path / "kafka-4.3.0-abc.aot"

    before = flags(monkeypatch, tmp_path / "data", java)
    kept.touch()

    after = [each for each in flags(monkeypatch, tmp_path / "data", java) if each not in CLASSES_ALONE]
    assert (before, after) == ([], [f"-XX:AOTCache={kept}"])
    assert cache_file(java, JARS) == kept


async def test_it_is_made_once_and_not_at_all_where_java_cannot(tmp_path: Path) -> None:
    old, new = a_java(tmp_path, 24), a_java(tmp_path)
    (tmp_path / "kafka-4.3.0-abc.aot").touch()

    assert await ensure_class_cache(old, JARS) is None
    assert await ensure_class_cache(new, JARS) == tmp_path / "kafka-4.3.0-abc.aot"


async def test_a_java_of_the_machine_gets_nothing_written_beside_it(tmp_path: Path) -> None:
    assert await ensure_class_cache(a_java(tmp_path), JARS) is None
    assert list(tmp_path.glob("*.aot")) == []


@pytest.mark.parametrize("how", ["an old one", "none", "one of the machine", "one that does not run"])
def test_where_it_cannot_be_made_that_is_said_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, how: str
) -> None:
    def found() -> Java:
        if how == "none":
            raise JavaMissing("There is no Java.")
        return a_java(tmp_path, 21 if how == "an old one" else 25)

    async def broken(_java: Java, _jars: Sequence[Path]) -> None:
        raise ExceptionGroup("several at once", [ToolFailed("It formats nothing.")])

    monkeypatch.delenv("QUEUEBIT_KAFKA", raising=False)
    monkeypatch.setattr(class_cache, "find_java", found)
    monkeypatch.setattr(class_cache, "ensure_jars", lambda: JARS)

    if how == "one that does not run":
        monkeypatch.setattr(class_cache, "ensure_class_cache", broken)

    class_cache.main()

    said = capsys.readouterr().err
    assert said.startswith("Brokers will start more slowly: ")
    words = {"an old one": "Java 21", "none": "no Java", "one of the machine": "not of this"}
    assert words.get(how, "It formats nothing.") in said
