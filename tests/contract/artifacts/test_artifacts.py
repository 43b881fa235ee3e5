"""One behaviour suite for every claim-check store: in memory, in files, in a bucket of a server that checks what it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts import files
from queuebit_store.artifacts.files import FileArtifacts
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.opening import artifacts_from
from queuebit_store.artifacts.port import Artifacts, Shelf, place_of
from queuebit_store.errors import (
    ArtifactDamaged,
    ArtifactGone,
    ArtifactTooLarge,
    StoreError,
    StoreFailed,
    StoreUnavailable,
)
from queuebit_workbench.witnesses import versitygw
from queuebit_workbench.witnesses.errors import WitnessMissing

BUCKET = "artifacts"
SAID = b'{"id": "job-1", "state": {"status": "Completed"}}'
SHA256 = hashlib.sha256(SAID).hexdigest()
MIB = 1024 * 1024
NOW = SystemClock().now


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """The folder of an S3 server, and the environment that leads there."""
    try:
        program = versitygw.PROGRAM.found()
    except WitnessMissing as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("s3")
    with versitygw.serving(program, folder, BUCKET) as env:
        yield folder / "buckets" / BUCKET, dict(env)


Adapter = tuple[Artifacts, Path | None]


@pytest.fixture(params=["memory", "files", "s3"])
def adapter(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    """A store of at most one MiB an artifact, and the folder in which its bytes lie, where they lie in one."""
    if request.param == "memory":
        return MemoryArtifacts(NOW, bytes_max=MIB), None
    env = {"QUEUEBIT_ARTIFACT_MIB_MAX": "1", "QUEUEBIT_ARTIFACTS": str(tmp_path / "artifacts")}
    folder = tmp_path / "artifacts"
    if request.param == "s3":
        bucket, account = request.getfixturevalue("server")
        prefix = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
        for name, value in account.items():
            monkeypatch.setenv(name, value)
        env |= {**account, "QUEUEBIT_ARTIFACTS": f"s3://{BUCKET}/{prefix}"}
        folder = bucket / prefix
    store = artifacts_from(env, NOW)
    assert store is not None
    return store, folder


def test_bytes_are_found_by_their_hash(adapter: Adapter) -> None:
    store, _ = adapter
    assert store.put(SAID, Shelf.PAID) == SHA256
    assert store.get(SHA256) == SAID
    assert store.get(store.put(b"", Shelf.FREE)) == b""


def test_what_is_put_again_is_the_same_artifact(adapter: Adapter) -> None:
    store, _ = adapter
    with ThreadPoolExecutor(8) as threads:
        hashes = set(threads.map(lambda _: store.put(SAID, Shelf.PAID), range(16)))
    assert hashes == {SHA256}
    assert store.get(SHA256) == SAID
    assert store.forget(Shelf.PAID, NOW() + timedelta(days=1)) == 1


def test_a_hash_that_nothing_has_is_told(adapter: Adapter) -> None:
    store, _ = adapter
    with pytest.raises(ArtifactGone, match=SHA256):
        store.get(SHA256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", SHA256.upper(), SHA256[:-1], f"{SHA256}/"])
def test_what_is_no_hash_reaches_no_path(adapter: Adapter, name: str) -> None:
    store, _ = adapter
    with pytest.raises(ArtifactGone, match="no SHA-256"):
        store.get(name)


def test_what_is_too_large_is_not_kept(adapter: Adapter) -> None:
    store, _ = adapter
    assert len(store.get(store.put(bytes(MIB), Shelf.FREE))) == MIB
    with pytest.raises(ArtifactTooLarge, match=r"1048577 bytes .* QUEUEBIT_ARTIFACT_MIB_MAX"):
        store.put(bytes(MIB + 1), Shelf.FREE)


@pytest.mark.parametrize("damage", [b"", SAID[:-1] + b"!", SAID * 2], ids=["empty", "changed", "longer"])
def test_a_damaged_artifact_is_never_read(adapter: Adapter, damage: bytes) -> None:
    store, folder = adapter
    store.put(SAID, Shelf.PAID)
    place = place_of(SHA256, Shelf.PAID)
    if isinstance(store, MemoryArtifacts):
        store.kept[place] = store.kept[place][0], damage
    else:
        assert folder is not None
        (folder / place).write_bytes(damage)
    with pytest.raises(ArtifactDamaged, match=SHA256):
        store.get(SHA256)


def test_shelves_are_forgotten_apart_and_only_what_is_old(adapter: Adapter) -> None:
    store, _ = adapter
    paid, free = store.put(b"paid", Shelf.PAID), store.put(b"free", Shelf.FREE)
    assert store.forget(Shelf.FREE, NOW() - timedelta(days=1)) == 0
    assert store.forget(Shelf.FREE, NOW() + timedelta(days=1)) == 1
    assert store.get(paid) == b"paid"
    with pytest.raises(ArtifactGone):
        store.get(free)


def test_so_many_are_forgotten_at_most(adapter: Adapter) -> None:
    store, _ = adapter
    for number in range(5):
        store.put(str(number).encode(), Shelf.FREE)
    later = NOW() + timedelta(days=1)
    assert [store.forget(Shelf.FREE, later, limit=3) for _ in range(3)] == [3, 2, 0]


def test_the_bucket_says_who_is_not_let_in(
    server: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, account = server
    for name, value in {**account, "AWS_SECRET_ACCESS_KEY": "another"}.items():
        monkeypatch.setenv(name, value)
    store = artifacts_from({**account, "QUEUEBIT_ARTIFACTS": f"s3://{BUCKET}"}, NOW)
    assert store is not None
    with pytest.raises(StoreFailed, match="credentials"):
        store.put(SAID, Shelf.PAID)


def test_a_bucket_that_is_not_there_is_told(
    server: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, account = server
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    store = artifacts_from({**account, "QUEUEBIT_ARTIFACTS": "s3://elsewhere"}, NOW)
    assert store is not None
    with pytest.raises(StoreError, match="QUEUEBIT_ARTIFACTS"):
        store.put(SAID, Shelf.PAID)


def test_files_are_their_owners_alone_and_whole(tmp_path: Path) -> None:
    root = tmp_path / "artifacts"
    FileArtifacts(root, NOW).put(SAID, Shelf.PAID)
    paths = [root, *root.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    assert [path.name for path in paths if path.is_file()] == [SHA256]


def test_a_disk_that_is_nearly_full_is_left_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileArtifacts(tmp_path / "artifacts", NOW)
    store.put(SAID, Shelf.PAID)
    nearly = SimpleNamespace(free=files.FREE_LEAST_BYTES)
    monkeypatch.setattr(files, "shutil", SimpleNamespace(disk_usage=lambda _: nearly))

    with pytest.raises(StoreUnavailable, match="nearly full"):
        store.put(b"another", Shelf.PAID)

    assert store.put(SAID, Shelf.PAID) == SHA256
    assert store.get(SHA256) == SAID


def test_a_damaged_file_is_mended_by_the_next_put(tmp_path: Path) -> None:
    store = FileArtifacts(tmp_path, NOW)
    path = tmp_path / place_of(store.put(SAID, Shelf.PAID), Shelf.PAID)
    path.write_bytes(b"?" * len(SAID))
    assert store.get(store.put(SAID, Shelf.PAID)) == SAID
