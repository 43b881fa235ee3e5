"""What clouds are told and tell of a submission is kept as it went over the wire, before anything is made of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.evidence.port import Overheard, Shown
from queuebit_quantum_adapter.evidence.secrets import secrets_of
from queuebit_quantum_adapter.evidence.watch import Watch
from queuebit_quantum_adapter.ports import Provider, Request
from queuebit_quantum_adapter.providers.braket.provider import BraketProvider
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of
from queuebit_quantum_adapter.submissions.driver import Driver, terms_of
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.port import Shelf
from queuebit_store.errors import StoreUnavailable
from queuebit_store.evidence.port import Piece
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState
from queuebit_workbench.clouds.braket.execution import SIMULATOR
from queuebit_workbench.clouds.braket.server import BUCKET
from queuebit_workbench.clouds.braket.server import Server as Braket
from queuebit_workbench.clouds.braket.server import started as began
from queuebit_workbench.clouds.faults import Fault, Faults
from tests.contract.provider.ibm_on_loopback import both, provider, server

__all__ = ["both", "provider", "server"]

KEY, ATTEMPT = UUID(int=7), UUID(int=9)
CIRCUIT = Circuit(2, (Register("c", 2),), (Gate("h", (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)))
REQUEST = Request((Bound(CIRCUIT),), (1,), 50)


class World:
    """A ledger and artifacts in memory, and one driver on a cloud."""

    def __init__(self, provider: Provider) -> None:
        self.now_s = 0.0
        self.provider = provider
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s))
        self.artifacts = MemoryArtifacts(SystemClock().now)

    async def ended(self) -> Submission:
        """A submission, driven to its end."""
        data = encode_request(REQUEST)
        await self.store.intend(NewSubmission(KEY, ATTEMPT, 0, "cloud", data, hash_of(data)))
        watch = Watch(Keeping(self.artifacts, Shelf.PAID, secrets_of(os.environ)))
        driver = Driver(self.store, self.provider, terms_of(self.provider, poll_s=0.01), owner="one", watch=watch)
        for _ in range(200):
            self.now_s += 30.0
            await driver.advance_due("cloud")
            row = await self.store.submission(KEY)
            assert row is not None
            if row.state.final:
                return row
        raise AssertionError(f"it did not end: {row}")

    async def seen(self, begins: str) -> list[Piece]:
        return [piece for piece in await self.store.evidence(KEY) if piece.seen.name.startswith(begins)]

    def bytes_of(self, piece: Piece) -> bytes:
        assert piece.seen.sha256 is not None
        return self.artifacts.get(piece.seen.sha256)


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[Braket, Provider]]:
    """Amazon's cloud on loopback, and a device of it."""
    with pytest.MonkeyPatch.context() as patch:
        server = began()
        for name, value in server.env().items():
            patch.setenv(name, value)
        yield server, BraketProvider(device=SIMULATOR, bucket=BUCKET, prefix="t", lag_s=1.0, deadline_s=20.0)
    server.close()


@pytest.fixture(params=["ibm", "braket"])
def cloud(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def faults(cloud: str, request: pytest.FixtureRequest) -> Iterator[Faults]:
    """What goes wrong in the cloud: nothing yet."""
    found: Faults = (
        request.getfixturevalue("server").site.faults if cloud == "ibm" else request.getfixturevalue("aws")[0].faults
    )
    yield found
    found.table = []


@pytest.fixture
def world(cloud: str, faults: Faults, request: pytest.FixtureRequest) -> World:
    assert not faults.table
    if cloud == "ibm":
        return World(request.getfixturevalue("provider"))
    server, provider = request.getfixturevalue("aws")
    server.cloud.forget()
    return World(provider)


POST = {"ibm": ("POST /experimental/jobs", "/experimental/jobs"), "braket": ("POST /quantum-task", "/quantum-task")}
FETCH = {"ibm": "/results", "braket": "/results.json"}


async def test_every_word_of_a_submission_is_kept(cloud: str, world: World) -> None:
    row = await world.ended()

    assert row.state is SubmissionState.CONCLUDED
    asked, said = await world.seen(POST[cloud][0] + " ")
    body, answer = json.loads(world.bytes_of(asked)), json.loads(world.bytes_of(said))
    if cloud == "ibm":
        assert body["tags"] == [f"queuebit:{KEY}"]
        assert answer["id"] == row.provider_id
    else:
        assert (body["clientToken"], body["shots"]) == (f"queuebit-{KEY}", 50)
        assert answer["quantumTaskArn"] == row.provider_id
    names = [piece.seen.name for piece in await world.store.evidence(KEY)]
    assert any(name.endswith(f"{FETCH[cloud]} answer") for name in names), names
    assert all(piece.seen.kept for piece in await world.store.evidence(KEY))


async def test_what_is_sent_is_kept_in_a_form_that_others_read(cloud: str, world: World) -> None:
    await world.ended()

    programs = await world.seen("ran")
    texts = [world.bytes_of(piece) for piece in programs if piece.seen.name.endswith(".qasm")]
    assert texts
    assert all(text.startswith(b"OPENQASM 3") for text in texts)
    if cloud == "ibm":
        assert world.bytes_of(programs[0]).startswith(b"QISKIT")


async def test_no_secret_is_kept(cloud: str, world: World) -> None:
    await world.ended()

    everything = b"\n".join(data for _, data in world.artifacts.kept.values())
    assert len(everything) > 1_000
    assert [secret for secret in secrets_of(os.environ) if secret in everything] == []
    for word in (b"Bearer", b"access_token", b"AWS4-HMAC", b"x-amz-security-token", b"apikey"):
        assert word not in everything, word


async def test_an_answer_that_never_came_is_noted_as_such(cloud: str, world: World, faults: Faults) -> None:
    name, path = POST[cloud]
    faults.table = [Fault("POST", path, "after", drop=True)]

    row = await world.ended()

    asked, said, *_ = await world.seen(f"{name} ")
    assert (said.seen.sha256, said.seen.status, said.seen.kept) == (None, None, False)
    assert asked.seen.kept
    assert row.state is SubmissionState.CONCLUDED


async def test_a_refusal_is_kept_with_its_status(cloud: str, world: World, faults: Faults) -> None:
    name, path = POST[cloud]
    faults.table = [Fault("POST", path, "before", status=400, body={"message": "we do not like it"})]

    row = await world.ended()

    _, said = await world.seen(f"{name} ")
    assert row.state is SubmissionState.FAILED
    assert said.seen.status == 400
    assert b"we do not like it" in world.bytes_of(said)


async def test_a_submission_ends_well_where_nothing_can_be_kept(world: World) -> None:
    def refuses(data: bytes, shelf: Shelf) -> str:
        raise StoreUnavailable(f"The disk is full of {shelf} and {len(data)} bytes.")

    world.artifacts.put = refuses  # type: ignore[method-assign]

    row = await world.ended()

    assert row.state is SubmissionState.CONCLUDED
    seen = await world.store.evidence(KEY)
    assert {piece.seen.kept for piece in seen} == {False}
    assert all(piece.seen.sha256 for piece in seen)


async def test_nobody_listens_when_it_is_over(world: World) -> None:
    await world.ended()
    before = len(world.artifacts.kept)

    world.provider.reconcile(KEY, None)

    assert len(world.artifacts.kept) == before
    assert isinstance(world.provider, Overheard)
    assert isinstance(world.provider, Shown)
