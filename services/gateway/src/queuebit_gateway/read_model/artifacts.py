"""What is kept of a job outside of its events: listed from the lists that its events name, and read by its hash."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from queuebit_contracts import events as ev
from queuebit_contracts.model import Model
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.view import Happened
from queuebit_runtime.processes.hops import AnyHop
from queuebit_store.artifacts.manifest import Item, decode_manifest
from queuebit_store.artifacts.port import MIB, Artifacts
from queuebit_store.errors import ArtifactDamaged, ArtifactGone

ATTEMPTS_MAX = 50
LIST_BYTES_MAX = 4 * MIB
READS_MAX = 4
"""So many are in memory at once, each as large as the store lets one be."""
MEDIA_TYPES = {"json": "application/json", "qasm": "text/plain; charset=utf-8"}
OTHER_MEDIA_TYPE = "application/octet-stream"

Told = ev.ExecutionSucceeded | ev.ExecutionFailed


class ArtifactView(Model):
    """One artifact. `about`: when it was seen, and with which status, where a provider said it."""

    name: str
    sha256: str | None = Field(default=None, description="Its SHA-256, by which it is read; none where nothing came.")
    bytes: int
    kept: bool = Field(description="Whether its bytes are kept, or its hash alone.")
    about: dict[str, Any] = {}


class AttemptArtifacts(Model):
    """What is kept of one attempt. `sha256`: of the list itself. `unread`: why its list cannot be read, where that is so."""

    attempt_id: UUID
    leg: str
    sha256: str
    count: int
    unread: str | None = None
    artifacts: tuple[ArtifactView, ...] = ()


class ArtifactList(Model):
    """What is kept of the latest attempts of a job, in the order of their ends. `has_more`: there were earlier ones."""

    object: Literal["list"] = "list"
    data: tuple[AttemptArtifacts, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of one artifact, and as what they are sent."""

    name: str
    data: bytes
    media_type: str


class Evidence:
    """Reads artifacts off the event loop, a few at a time. `artifacts` None: this gateway is not told where they are."""

    def __init__(self, artifacts: Artifacts | None, hop: AnyHop) -> None:
        self._artifacts = artifacts
        self._hop = hop
        self._reads = asyncio.Semaphore(READS_MAX)

    async def listed(self, told: Sequence[Told]) -> ArtifactList:
        """Raises StoreError where the store of artifacts does not answer."""
        data = [await self._attempt(each) for each in told[-ATTEMPTS_MAX:]]
        return ArtifactList(data=tuple(data), has_more=len(told) > ATTEMPTS_MAX)

    async def one(self, told: Sequence[Told], sha256: str) -> Kept:
        """What the job keeps under this hash: a list, or what a list names.

        Raises Refusal: artifact_not_found, also for what another job keeps, and artifact_damaged; StoreError as `listed`.
        """
        for each in reversed(told[-ATTEMPTS_MAX:]):
            assert each.artifacts is not None
            if each.artifacts.sha256 == sha256:
                return Kept("manifest.json", await self._read(sha256), MEDIA_TYPES["json"])
            try:
                items = await self._items(each)
            except Refusal as error:
                if error.problem.code != "artifact_not_found":
                    raise
                continue
            item = next((item for item in items if item.sha256 == sha256 and item.kept), None)
            if item is not None:
                return Kept(item.name, await self._read(sha256), media_type_of(item.name))
        raise Refusal("artifact_not_found")

    async def _attempt(self, event: Told) -> AttemptArtifacts:
        assert event.artifacts is not None
        view = AttemptArtifacts(
            attempt_id=event.attempt_id, leg=event.leg, sha256=event.artifacts.sha256, count=event.artifacts.count
        )
        try:
            shown = tuple(map(_view, await self._items(event)))
        except Refusal as error:
            return view.model_copy(update={"unread": error.detail})
        return view.model_copy(update={"artifacts": shown})

    async def _items(self, event: Told) -> tuple[Item, ...]:
        assert event.artifacts is not None
        if event.artifacts.bytes > LIST_BYTES_MAX:
            raise Refusal("artifact_not_found", f"Its list is longer than {LIST_BYTES_MAX} bytes.")
        data = await self._read(event.artifacts.sha256)
        try:
            return (await self._hop(lambda: decode_manifest(data))).items
        except ArtifactDamaged as error:
            raise Refusal("artifact_damaged", error.detail) from error

    async def _read(self, sha256: str) -> bytes:
        artifacts = self._artifacts
        if artifacts is None:
            raise Refusal("artifact_not_found", "This gateway is not told where artifacts are kept.")
        async with self._reads:
            try:
                return await self._hop(lambda: artifacts.get(sha256))
            except ArtifactGone:
                raise Refusal("artifact_not_found", "It is kept no more.") from None
            except ArtifactDamaged as error:
                raise Refusal("artifact_damaged") from error


def media_type_of(name: str) -> str:
    """As what an artifact of this name is sent."""
    return MEDIA_TYPES.get(name.rpartition(".")[2], OTHER_MEDIA_TYPE)


def kept_of(happened: Iterable[Happened]) -> Sequence[Told]:
    """The ends of attempts of which something is kept."""
    return [each.event for each in happened if isinstance(each.event, Told) and each.event.artifacts is not None]


def _view(item: Item) -> ArtifactView:
    return ArtifactView(
        name=item.name,
        sha256=item.sha256,
        bytes=item.bytes,
        kept=item.kept and item.sha256 is not None,
        about=dict(item.about),
    )
