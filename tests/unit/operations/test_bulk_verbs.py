"""The command line of the bulk verbs: what it refuses before it connects to anything, and who it says does it."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_operations.bulk.operation import freeze
from queuebit_operations.bulk.store import Operations
from queuebit_operations.connections import store as connections
from queuebit_operations.verbs import jobs_bulk, jobs_one, operations
from queuebit_operations.verbs.acting import actor_or_user
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.fakes.moved_clock import MovedClock

JOB = UUID(int=1)


def nobody() -> str:
    raise KeyError("uid not found")


@pytest.mark.parametrize("refused", ["both", "neither"])
def test_jobs_are_named_by_ids_or_by_flags_and_never_by_both(
    refused: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given ids beside flags, which would choose others, then nothing is done: PostgreSQL is not even asked."""
    monkeypatch.delenv("QUEUEBIT_POSTGRES", raising=False)
    jobs = [JOB] if refused == "both" else None
    more: dict[str, Any] = {"tenant": "acme"} if refused == "both" else {}

    codes = [
        jobs_bulk.cancel(jobs, apply=True, reason="why", **more),
        jobs_bulk.rerun(jobs, suspect=refused == "both", apply=True, reason="why"),
        jobs_bulk.invalidate(jobs, apply=True, reason="why", **more),
        jobs_bulk.recall(jobs, apply=True, reason="why", **more),
    ]

    # Without a name `recall` is about all that a hold would stop.
    count = {"both": 4, "neither": 3}[refused]
    said = {"both": "Jobs are named by their ids and by flags.", "neither": "No job is named."}[refused]
    assert codes == [ExitCode.USAGE] * 4
    assert capsys.readouterr().err.count(said) == count


def test_a_user_without_a_name_acts_under_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", nobody)

    assert actor_or_user(None) == f"uid-{os.getuid()}@{socket.gethostname()}"
    assert actor_or_user("ann") == "ann"


def test_the_targets_of_an_operation_are_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MovedClock()

    @asynccontextmanager
    async def opened(env: object) -> AsyncIterator[MemoryStore]:
        store = MemoryStore(MemoryDatabase(clock.monotonic_s))
        await Operations(store, clock).create(JOB, freeze("test", {}, ["a", "b"], "ann"))
        yield store

    monkeypatch.setattr(connections, "opened_store", opened)

    assert operations.show(JOB, targets=True, as_json=True) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"operation": str(JOB), "targets": ["a", "b"]}


def test_nothing_compared_is_nothing_proved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an operation that was frozen and never run, then the exit code does not say that its answers are right."""

    @asynccontextmanager
    async def opened(env: object) -> AsyncIterator[MemoryStore]:
        yield MemoryStore(MemoryDatabase(MovedClock().monotonic_s))

    async def no_pairs(*given: object) -> list[tuple[UUID, UUID]]:
        return []

    monkeypatch.setattr(connections, "opened_store", opened)
    monkeypatch.setattr(jobs_one, "_pairs_of", no_pairs)

    assert jobs_one.compare(operation=JOB) == ExitCode.JOB_NOT_ACCEPTED
    assert "There is nothing to compare." in capsys.readouterr().err
