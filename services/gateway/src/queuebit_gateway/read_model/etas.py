"""When jobs are expected to end, from what the tenant's own jobs of the same kind and tier did, and how often it was right."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_domain.eta.estimate import ENDED_MAX, Correction, Ended, Eta, Unknown, running_eta, waiting_eta
from queuebit_domain.job.summary import BEGINS, UNTIL, WAITS
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.waiting_view import EtaView, WaitingView
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.errors import StoreError
from queuebit_store.ports import StreamFilter, StreamRow, StreamStore

log = logging.getLogger(__name__)

STALE_S: Final = 2.0
"""So old what is known of a tenant's jobs may be."""
KNOWN_MAX: Final = 1_000
ISSUED_MAX: Final = 10_000
OPEN_MAX: Final = 1_000
"""Of more jobs ahead nothing is said."""
LOOK_BACK: Final = timedelta(days=2)
OPEN: Final = ("submitted", "planned", "held", "queued", "running", "validating")
AT_WORK: Final = frozenset({"running", "checking", "improving"})
Key = tuple[str, str, str]
"""Tenant, kind and tier: nobody learns anything of another tenant's jobs."""


class Place(NamedTuple):
    """Where a job stands among those of its tenant, kind and tier: what waits for a moment behind what waits for its turn, that
    behind what is out; the higher priority first, then who came, or comes, first.
    """

    waits_for: Literal["", "turn", "until"]
    rank: float
    since: datetime

    @property
    def order(self) -> tuple[int, float, datetime]:
        return (("", "turn", "until").index(self.waits_for), self.rank, self.since)


@dataclass(slots=True)
class _Known:
    read_at_s: float = float("-inf")
    ended: Sequence[Ended] = ()
    open: Mapping[UUID, Place] = field(default_factory=dict)
    correction: Correction = field(default_factory=Correction)


class Etas:
    """Asked for jobs that somebody looks at; what it says first of a job is compared with its end, when that is looked at."""

    def __init__(self, store: StreamStore, clock: Clock, telemetry: Telemetry = SILENT) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        self._issued: OrderedDict[UUID, tuple[Key, datetime]] = OrderedDict()

    async def with_eta(self, view: JobView) -> JobView:
        """The view of a job, with when it is expected to end where it has not."""
        if view.state in TERMINAL_STATES:
            self._score(view)
            return view
        waiting = view.waiting
        if waiting is None or not view.kind:
            return view
        now = self._clock.now()
        if waiting.code in ("hold", "approval"):
            return view.model_copy(update={"eta": EtaView(as_of=now, unknown=waiting.code)})
        key = (view.tenant, view.kind, view.tier)
        known = await self._look(key, now)
        found = _eta(known, view, waiting, now)
        if isinstance(found, str):
            return view.model_copy(update={"eta": EtaView(as_of=now, unknown=found)})
        self._issue(view.id, key, now + timedelta(seconds=found.p90_s))
        eta = EtaView(
            as_of=now, p50_s=round(found.p50_s, 3), p90_s=round(found.p90_s, 3), basis=found.basis, count=found.seen
        )
        return view.model_copy(update={"eta": eta})

    async def _look(self, key: Key, now: datetime) -> _Known:
        known = self._known.setdefault(key, _Known())
        self._known.move_to_end(key)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        now_s = self._clock.monotonic_s()
        if now_s < known.read_at_s + STALE_S:
            return known
        known.read_at_s = now_s
        tenant, kind, tier = key
        alike = {"kind": (kind,), "tier": (tier,)}
        since = now - LOOK_BACK
        try:
            ended = await self._store.list_heads(
                StreamFilter(tenant, ("completed",), alike, created_from=since), limit=ENDED_MAX
            )
            open_ = await self._store.list_heads(StreamFilter(tenant, OPEN, alike, created_from=since), limit=OPEN_MAX)
        except StoreError as error:
            # A job is shown without an estimate rather than not at all.
            log.warning("nothing is known of jobs before: %s", error)
            known.ended = ()
            return known
        known.ended = sorted((Ended(_began(row), row.updated_at) for row in ended), key=lambda each: each.ended_at)
        known.open = {row.stream_id: _place(row) for row in open_}
        return known

    def _issue(self, job_id: UUID, key: Key, due: datetime) -> None:
        if job_id not in self._issued:
            self._issued[job_id] = (key, due)
            if len(self._issued) > ISSUED_MAX:
                self._issued.popitem(last=False)

    def _score(self, view: JobView) -> None:
        """Whether a job ended within the bound that was told first; one that was withdrawn tells nothing."""
        issued = self._issued.pop(view.id, None)
        if issued is None or view.state == "cancelled":
            return
        key, due = issued
        hit = view.updated_at <= due
        if (known := self._known.get(key)) is not None:
            known.correction.score(hit)
        self._telemetry.count(Metric.ETA_SCORED, labels={semconv.WITHIN: "yes" if hit else "no"})


def _began(row: StreamRow) -> datetime:
    """From when on it counts how long the job takes: from the moment for which it waited, unless another leg has begun, or
    answered, before that.
    """
    told = row.head.attributes.get(BEGINS)
    begins = row.created_at if told is None else datetime.fromisoformat(told)
    return begins if row.created_at < begins <= row.updated_at else row.created_at


def _place(row: StreamRow) -> Place:
    about = row.head.attributes
    if UNTIL in about:
        until = datetime.fromisoformat(about[UNTIL])
        return Place("until", until.timestamp(), row.created_at)
    if WAITS in about:
        _, _, *priority = about[WAITS].split("/")
        return Place("turn", -float(priority[0]) if priority else 0.0, row.created_at)
    return Place("", 0.0, _began(row))


def _eta(known: _Known, view: JobView, waiting: WaitingView, now: datetime) -> Eta | Unknown:
    mine = known.open.get(view.id, Place("", 0.0, view.created_at))
    if waiting.code in AT_WORK:
        return running_eta(known.ended, (now - mine.since).total_seconds(), known.correction)
    if len(known.open) >= OPEN_MAX:
        return "no_history"
    if waiting.until is None:
        ahead = sum(each.order < mine.order for each in known.open.values())
        return waiting_eta(known.ended, ahead, known.correction)
    ahead = sum(each.waits_for == "until" and each.order < mine.order for each in known.open.values())
    found = waiting_eta(known.ended, ahead, known.correction)
    wait_s = max(0.0, (waiting.until - now).total_seconds())
    return found if isinstance(found, str) else found._replace(p50_s=wait_s + found.p50_s, p90_s=wait_s + found.p90_s)
