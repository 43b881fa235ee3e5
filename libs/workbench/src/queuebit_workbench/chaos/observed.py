"""What lies on the topics in the end, read once: who was told what, under which id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import orjson

from queuebit_contracts import channels
from queuebit_contracts.events import JobRejected
from queuebit_contracts.ids import uuid_from
from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_operations.records.port import Records
from queuebit_operations.records.relayed import RELAYED, SOURCE
from queuebit_runtime.bus.port import Record
from queuebit_workbench.faults.poison import MARK

LETTERS = tuple(each.topic for each in channels.CHANNELS if channels.is_dead_letter(each.topic))
OUTCOMES = (channels.COMPLETED, channels.FAILED)


class End(NamedTuple):
    """One end of a job, as a downstream service hears it."""

    event_id: str
    name: str
    at_s: float


@dataclass
class Observed:
    """`contents`: by event id the hashes of all that was published under it. `ends`: by job, each id once. `marks`: of what was
    set aside or refused. `letters`: dead letters that are no poison of ours.
    """

    contents: defaultdict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))
    ends: defaultdict[UUID, dict[str, End]] = field(default_factory=lambda: defaultdict(dict))
    marks: set[str] = field(default_factory=set)
    letters: list[str] = field(default_factory=list)
    records: int = 0

    def note(self, some: Sequence[Record]) -> None:
        """Remember records of one partition."""
        for record in some:
            self.records += 1
            headers = dict(record.headers)
            if channels.is_dead_letter(record.topic):
                self._letter(record, headers)
            elif headers.get("ce_source") == SOURCE and "ce_replayid" not in headers:
                self._event(record, headers)

    def _event(self, record: Record, headers: dict[str, bytes]) -> None:
        event_id, name = headers["ce_id"], headers["ce_type"]
        said = (record.key, record.value, name, headers.get("ce_streamversion"), headers.get("ce_time"))
        self.contents[event_id].add(hash(said))
        short = name.decode().removeprefix("io.queuebit.").partition(".")[0]
        if short == JobRejected.__name__ and (origin := orjson.loads(record.value or b"{}").get("origin")):
            self.marks.add(str(origin["event_id"]).replace("-", ""))
        if record.topic in OUTCOMES and short in TERMINAL_NAMES:
            end = End(event_id.decode(), short, record.timestamp_ms / 1000)
            self.ends[uuid_from(headers["ce_subject"].decode())].setdefault(end.event_id, end)

    def _letter(self, record: Record, headers: dict[str, bytes]) -> None:
        if (mark := headers.get(MARK)) is not None:
            self.marks.add(mark.decode())
        else:
            reason = headers.get("qb_error_detail", b"?").decode(errors="replace")
            self.letters.append(f"{record.topic}: {reason}")

    def reused_ids(self) -> list[str]:
        """Ids under which different things were said."""
        return [event_id.decode() for event_id, said in self.contents.items() if len(said) > 1]


async def observe(records: Records) -> Observed:
    """Read it all."""
    seen = Observed()
    async for some in records.read(await records.spans((*RELAYED, *LETTERS))):
        seen.note(some)
    return seen
