"""Throwing a kill switch, lifting it, and telling what it could not stop. All of it stands in PostgreSQL: Kafka may be down.

A switch places holds, so that nothing more is let onto a lane, and closes backends, so that what the adapter has already is
not sent either. `stop` also takes back what is out and was not begun; `drain` lets that be done; `cancel` takes back what was
begun too, and tells providers to cancel what they have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

from queuebit_contracts.ids import derive_id, lineage_id_of
from queuebit_contracts.jobs import LANES, Lane
from queuebit_contracts.operators import HoldPlaced, HoldScope
from queuebit_domain.holds.gate import Asking, Gate
from queuebit_domain.holds.register import REGISTER_ID
from queuebit_domain.job.messages import Message, Recall
from queuebit_domain.job.state import Job, OpenJob, Working
from queuebit_operations.choosing.port import Choosing, Standing
from queuebit_operations.errors import BadArgument, NotThere
from queuebit_operations.holding.register import HoldRegister
from queuebit_operations.holding.selectors import selected
from queuebit_operations.jobs.telling import Jobs, Skip, tell
from queuebit_runtime.clock import Clock
from queuebit_store.backends.port import BackendReports
from queuebit_store.budgets.port import Budgets
from queuebit_store.gates.port import KillSwitch, KillSwitches
from queuebit_store.ports import EventLog, Heads, StoredEvent
from queuebit_store.submissions.port import Submission, Submissions, SubmissionState

Mode = Literal["stop", "drain", "cancel"]
MODES: tuple[Mode, ...] = ("stop", "drain", "cancel")
EVERY = "*"
PAGE = 500
LIVE = tuple(state for state in SubmissionState if not state.final)
SUBMISSIONS_MAX = 100_000
RECALLED = "recalled"


class Store(Jobs, EventLog, Heads, KillSwitches, Submissions, BackendReports, Budgets, Protocol):
    """What a switch acts on."""


@dataclass(frozen=True, slots=True)
class Thrown:
    """What a switch did at once. `cancelling`: submissions that their providers are told to cancel."""

    number: int
    holds: tuple[int, ...]
    backends: tuple[str, ...]
    recalled: int
    cancelling: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken back: of how many jobs, and the lineages of the legs. `out`: of all that were out, taken back or not."""

    jobs: int = 0
    out: frozenset[UUID] = frozenset()
    back: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """What became of that which was out when a switch was thrown, and what is still out at its backends.

    `done`: it ended with a result in spite of all; `cancelled`; `failed`; `waiting`: nothing was sent, and nothing will be;
    `alive`: the provider has it, or has it perhaps. `reserved`: money that is set aside for it still, by account.
    """

    switch: KillSwitch
    done: tuple[Submission, ...]
    cancelled: tuple[Submission, ...]
    failed: tuple[Submission, ...]
    waiting: tuple[Submission, ...]
    alive: tuple[Submission, ...]
    reserved: dict[str, Decimal]


class Switches:
    """Kill switches as an operator throws and lifts them."""

    def __init__(self, store: Store, choosing: Choosing, clock: Clock) -> None:
        self._store = store
        self._choosing = choosing
        self._clock = clock

    async def throw(self, mode: Mode, named: dict[str, str | None], *, actor: str, reason: str) -> Thrown:
        """Stop what is named, or everything. A hold that somebody placed before for another reason stands for both, and is not
        lifted with the switch. Raises BadArgument.
        """
        scopes, backends, said = await self._meant(named)
        register = HoldRegister(self._store, self._clock)
        shared = await self._needed()
        holds: list[int] = []
        for scope, value in scopes:
            wanted = HoldPlaced(why="pause", scope=scope, value=value, actor=actor, reason=reason)
            hold, is_new = await register.place(wanted)
            again = (hold.why, hold.actor, hold.reason) == (wanted.why, actor, reason)
            if is_new or again or hold.number in shared:
                holds.append(hold.number)
        number = await self._store.throw_switch(mode, *said, backends=backends, holds=holds, actor=actor, reason=reason)
        taken = Taken() if mode == "drain" else await self._recall(number, scopes, mode == "cancel")
        lineages = {each.lineage for each in await self._live(backends) if each.lineage is not None} | taken.out
        await self._store.note_out(number, sorted(lineages))
        unwanted = lineages if mode == "cancel" else await self._unsent(taken.back)
        cancelling = sum([await self._store.want_cancelled(lineage) for lineage in sorted(unwanted)])
        return Thrown(number, tuple(holds), tuple(backends), taken.jobs, cancelling)

    async def lift(self, number: int, *, actor: str, reason: str) -> bool:
        """Let things go on; whether that changed anything. Raises NotThere."""
        switch = await self._numbered(number)
        changed = await self._store.lift_switch(number, actor=actor)
        register = HoldRegister(self._store, self._clock)
        standing = await register.holds()
        needed = await self._needed()
        for hold in switch.holds:
            if standing.numbered(hold) is not None and hold not in needed:
                await register.lift(hold, actor=actor, reason=reason)
        return changed

    async def all(self) -> list[KillSwitch]:
        """All that were ever thrown, the youngest first."""
        return await self._store.switches()

    async def report(self, number: int) -> Report:
        """What became of what was out. Raises NotThere."""
        switch = await self._numbered(number)
        known = {each.key: each for each in await self._live(switch.backends)}
        for lineage in switch.lineages:
            known |= {each.key: each for each in await self._store.submissions_of(lineage)}
        rows = sorted(known.values(), key=lambda each: each.created_at)
        state = SubmissionState
        alive = [each for each in rows if not each.state.final and (each.sent_at or each.state is not state.INTENDED)]
        waiting = [each for each in rows if each.state is state.INTENDED and each.sent_at is None]
        lineages = {*switch.lineages, *(each.lineage for each in rows)}
        reserved: dict[str, Decimal] = {}
        for held in await self._store.open_reservations(limit=SUBMISSIONS_MAX):
            if lineage_id_of(held.stream_id, held.leg) in lineages:
                for account in held.accounts:
                    reserved[account] = reserved.get(account, Decimal(0)) + held.amount
        of = {each: tuple(row for row in rows if row.state is each) for each in state}
        return Report(
            switch, of[state.CONCLUDED], of[state.CANCELLED], of[state.FAILED], tuple(waiting), tuple(alive), reserved
        )

    async def _needed(self) -> set[int]:
        """The holds of the switches that are thrown."""
        return {hold for each in await self._store.switches() if each.lifted_at is None for hold in each.holds}

    async def _numbered(self, number: int) -> KillSwitch:
        found = next((each for each in await self._store.switches() if each.number == number), None)
        if found is None:
            raise NotThere(f"There is no kill switch {number}.", remedy="See: queuebit ops kill-report")
        return found

    async def _meant(
        self, named: dict[str, str | None]
    ) -> tuple[list[tuple[HoldScope, str]], list[str], tuple[str, str]]:
        """The holds to place, the backends to close, and what was said."""
        if (provider := named.pop("provider", None)) is not None:
            if any(named.values()):
                raise BadArgument("--provider cannot be combined.", remedy="Throw a switch for each.")
            known = await self._store.reported_backends()
            mine = [each.backend for each in known if _is_of(provider, each.backend, each.status)]
            if not mine:
                raise BadArgument(
                    f"No backend of {provider!r} has reported.", remedy="Name a --backend; see: queuebit backends list"
                )
            return [("backend", each) for each in mine], mine, ("provider", provider)
        scope, value = selected(**named)
        match scope:
            case "all":
                return [("all", "")], [EVERY], ("all", "")
            case "backend":
                return [(scope, value)], [value], (scope, value)
            case "lane" if value in ("quantum", "simulator"):
                lanes = await self._store.reported_backends()
                mine = [each.backend for each in lanes if each.status.get("lane") == value]
                return [(scope, value)], mine, (scope, value)
            case _:
                return [(scope, value)], [], (scope, value)

    async def _live(self, backends: Sequence[str]) -> list[Submission]:
        """What is not over at these backends."""
        if not backends:
            return []
        rows = await self._store.list_submissions(LIVE, limit=SUBMISSIONS_MAX)
        return rows if EVERY in backends else [each for each in rows if each.backend in backends]

    async def _unsent(self, lineages: Collection[UUID]) -> set[UUID]:
        """Those of which nothing was sent yet, though the adapter has it in its ledger: Kafka may be down, so that it does not
        hear that they are taken back.
        """
        found = {each: await self._store.submissions_of(each) for each in lineages}
        return {each for each, rows in found.items() if rows and not any(row.sent_at for row in rows)}

    async def _recall(self, number: int, scopes: Sequence[tuple[HoldScope, str]], begun: bool) -> Taken:
        """Take back what is out and would be held now."""
        named = {scope: value for scope, value in scopes if scope in ("tenant", "kind", "tier")}
        ids = await self._choosing.standing(Standing(**named))  # type: ignore[arg-type]
        gate, out, back = await self._gate(), set[UUID](), set[UUID]()

        def say(job_id: UUID, job: Job, _stored: Sequence[StoredEvent]) -> Message | Skip:
            if not isinstance(job, OpenJob):
                return Skip("ended before")
            asking = Asking(job_id, job.request.tenant, job.request.problem.kind, job.request.tier)
            held = [leg for leg in job.legs if isinstance(leg.status, Working) and gate.on_leg(asking, leg.spec.lane)]
            for leg in held:
                lineage = lineage_id_of(job_id, leg.spec.leg)
                out.add(lineage)
                if begun or (isinstance(leg.status, Working) and not leg.status.started):
                    back.add(lineage)
            return Recall(begun=begun) if held else Skip("nothing of it is out there")

        taken, cause_id = 0, derive_id(REGISTER_ID, f"kill:{number}")
        for at in range(0, len(ids), PAGE):
            page = ids[at : at + PAGE]
            outcomes = await tell(self._store, self._clock, page, say, done=RECALLED, cause_id=cause_id, gate=gate)
            taken += sum(outcome == RECALLED for outcome in outcomes.values())
        return Taken(taken, frozenset(out), frozenset(back))

    async def _gate(self) -> Gate:
        """What is held now, and the backends of each lane that have reported."""
        holds = await HoldRegister(self._store, self._clock).holds()
        lanes: dict[Lane, frozenset[str]] = {}
        for each in await self._store.reported_backends():
            lane = each.status.get("lane")
            if lane in LANES:
                lanes[lane] = lanes.get(lane, frozenset()) | {each.backend}
        return Gate(holds, lanes)


def _is_of(provider: str, backend: str, status: Mapping[str, Any]) -> bool:
    """Whether a backend is reached by a provider: by the software that it reports, or by how its name begins."""
    return any(str(told).lower().startswith(provider.lower()) for told in (backend, status.get("provider") or ""))
