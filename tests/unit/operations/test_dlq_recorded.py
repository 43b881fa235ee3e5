"""What is edited, accepted and listed of dead letters, through the verbs, with the servers taken away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from queuebit_client.cli import main
from queuebit_operations.bulk.operation import Operation
from queuebit_operations.bulk.store import Operations
from queuebit_operations.connections import store as connections
from queuebit_operations.dead_letters.box import Kept
from queuebit_operations.dead_letters.reading import LetterReader
from queuebit_operations.verbs import dlq_options
from queuebit_runtime.bus.dead_letters.marks import Mark
from queuebit_runtime.clock import SystemClock
from queuebit_store.memory import MemoryStore
from tests.fakes.letter_topics import GROUP, Broker, Topic


class Sender:
    """Keeps what is sent, and what is marked."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes | None]] = []
        self.marks: list[Mark] = []
        self.fails = False

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def send(
        self, kept: Kept, redrive: str, *, value: bytes | None = None, headers: Mapping[str, bytes] | None = None
    ) -> int:
        if self.fails:
            raise OSError("the broker is gone")
        self.sent.append((kept.id, value))
        return 40

    async def mark(self, mark: Mark, group: str) -> None:
        assert group == GROUP
        self.marks.append(mark)


class Desk:
    """An operator's desk: a topic of letters, a store, and the command line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.topic, self.store, self.sender, self._capsys = Topic(), MemoryStore(), Sender(), capsys

        @asynccontextmanager
        async def opened_reader() -> AsyncIterator[LetterReader]:
            broker = Broker(self.topic)
            yield LetterReader(cast(Any, broker))

        @asynccontextmanager
        async def opened_store(_env: Mapping[str, str]) -> AsyncIterator[MemoryStore]:
            yield self.store

        async def key_that_sees() -> str:
            return "key-1"

        monkeypatch.setattr(dlq_options, "opened_reader", opened_reader)
        monkeypatch.setattr(dlq_options, "a_sender", lambda: self.sender)
        monkeypatch.setattr(dlq_options, "key_that_sees", key_that_sees)
        monkeypatch.setattr(connections, "opened_store", opened_store)

    def __call__(self, *words: str) -> tuple[int, Any]:
        code = main.run(["ops", "dlq", *words, "--json"])
        out = self._capsys.readouterr().out
        return int(code), json.loads(out) if out else None

    async def operations(self) -> list[Operation]:
        kept = Operations(self.store, SystemClock())
        return [await kept.load(row.stream_id) for row in await kept.list(limit=10)]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(monkeypatch, capsys)


async def off_the_loop(desk: Desk, *words: str) -> tuple[int, Any]:
    """A verb has a loop of its own."""
    return await asyncio.to_thread(desk, *words)


async def test_an_edit_is_an_operation_that_names_the_letter_and_not_what_it_holds(desk: Desk, tmp_path: Path) -> None:
    origin = desk.topic.fails(1)
    value = tmp_path / "value"
    value.write_bytes(b"corrected")
    edit = ("edit", f"{GROUP}:0", "--value-file", str(value), "--header", "ce_tenant=x", "--reason", "a typo")

    tried = await off_the_loop(desk, *edit)
    nothing = await desk.operations()
    code, edited = await off_the_loop(desk, *edit, "--actor", "ann", "--apply")

    assert (tried[0], tried[1]["sent_to"], nothing) == (0, None, [])
    assert (code, edited["sent_to"], desk.sender.sent) == (0, f"{origin.topic}/0@40", [(f"{GROUP}:0", b"corrected")])
    (told,) = await desk.operations()
    assert (told.verb, told.state, told.actor, told.reason) == ("dlq edit", "done", "ann (key key-1)", "a typo")
    assert told.arguments == {
        "letter": f"{GROUP}:0",
        "edited_from": str(origin),
        "original_event_id": str(UUID(int=1)),
        "event_id": edited["event_id"],
        "tenant": "acme",
        "changed": "value, ce_tenant",
    }
    (mark,) = desk.sender.marks
    assert (mark.became, mark.origin, mark.redrive) == ("edited", origin, UUID(edited["operation"]).hex)


async def test_an_edit_that_fails_is_recorded_as_stopped(desk: Desk, tmp_path: Path) -> None:
    desk.topic.fails(1)
    desk.sender.fails = True
    edit = ("edit", f"{GROUP}:0", "--header", "ce_tenant=x", "--reason", "a typo", "--apply")

    with pytest.raises(OSError, match="the broker is gone"):
        await off_the_loop(desk, *edit)

    (told,) = await desk.operations()
    assert (told.state, told.note, desk.sender.marks) == ("stopped", "the broker is gone", [])


async def test_what_is_accepted_is_an_operation_too(desk: Desk) -> None:
    accept = ("accept", GROUP, "abc", "--reason", "garbage", "--actor", "ann")

    tried = await off_the_loop(desk, *accept)
    code, accepted = await off_the_loop(desk, *accept, "--apply")

    assert tried == (0, {"dry_run": True, "group": GROUP, "fingerprint": "abc"})
    (told,) = await desk.operations()
    assert (code, told.verb, told.state, told.actor, told.reason) == (0, "dlq accept", "done", "ann", "garbage")
    assert told.arguments == {"group": GROUP, "fingerprint": "abc"}
    (mark,) = desk.sender.marks
    assert (mark.became, mark.fingerprint, mark.redrive) == ("accepted", "abc", UUID(accepted["operation"]).hex)


async def test_list_shows_the_newest_and_counts_all_and_groups_and_drop_choose_alike(desk: Desk) -> None:
    for number in range(1, 6):
        desk.topic.fails(number, f"job-{number}")
    desk.topic.mark("dropped", desk.topic.fails(9, "other"), "other")

    code, listed = await off_the_loop(desk, "list", "--group", GROUP, "--limit", "2")
    groups = await off_the_loop(desk, "groups", "--group", GROUP)
    dropped = await off_the_loop(desk, "drop", "--group", GROUP, "--tenant", "acme")

    assert (code, listed["total"], [each["id"] for each in listed["letters"]]) == (
        1, 5, [f"{GROUP}:3", f"{GROUP}:4"],
    )  # fmt: skip
    assert [(each["open"], each["letters"], each["jobs"]) for each in groups[1]["groups"]] == [(5, 5, 5)]
    assert (groups[0], dropped[0], dropped[1]["targets"]) == (1, 0, 5)


async def test_a_letter_is_shown_to_people_without_what_it_does_not_have(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.topic.fails(1)
    code = await asyncio.to_thread(main.run, ["ops", "dlq", "show", f"{GROUP}:0"])
    lines = capsys.readouterr().out.splitlines()
    assert (int(code), lines[:2]) == (0, [f"id: {GROUP}:0", "state: open"])
    assert 'origin: {"topic": "jobs.executions", "partition": 0, "offset": 1}' in lines
    assert not [line for line in lines if "None" in line or line.endswith(": []")]
