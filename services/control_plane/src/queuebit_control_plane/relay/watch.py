"""Whether stored events reach Kafka: what waits, who leads, who holds the horizon. Seen from the store, so that every control
plane can tell it, whoever leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.relay.lead import Lead
from queuebit_runtime.clock import Clock
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.diagnosis.port import Backlog, Diagnosis, HorizonHolder, trouble_of
from queuebit_store.errors import StoreUnavailable
from queuebit_store.ports import Position

HELD_S = 3.0
"""No transaction of ours is open for so long while all is well."""
STALLED_S = 3.5
"""A little longer than another control plane needs to take the lead."""
EPOCH_STEP = 2**44
"""More transactions than a store has in an epoch."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The saved cursor stands at `position`, with events behind it, since `since_s`."""

    position: Position
    since_s: float


class Watch:
    """Looks at the relay's cursor from outside."""

    def __init__(
        self, store: Diagnosis, lead: Lead, clock: Clock, *, cursor: str, telemetry: Telemetry = SILENT
    ) -> None:
        self._store = store
        self._lead = lead
        self._clock = clock
        self._cursor = cursor
        self._telemetry = telemetry
        self._standing: Standing | None = None

    async def database(self) -> Reason | None:
        """Why nothing can be stored now; None where it can. Asked about once a second."""
        trouble = await trouble_of(self._store)
        return None if trouble is None else Reason(trouble.code, trouble.detail)

    async def relay(self) -> Reason | None:
        """Why stored events do not reach Kafka; None where they do, or where `database` says it. Asked about once a second."""
        try:
            backlog = await self._store.backlog(self._cursor, categories=PUBLISHED)
            now_s = self._clock.monotonic_s()
            self._standing = stand(self._standing, backlog, now_s)
            self._measure(backlog)
            if is_held(backlog):
                return held(backlog, await self._store.horizon_holders())
        except StoreUnavailable:
            return None
        return stalled(backlog, self._standing, now_s)

    def _measure(self, backlog: Backlog) -> None:
        since = self._lead.since
        for metric, value in (
            (Metric.RELAY_BACKLOG, backlog.count),
            (Metric.RELAY_OLDEST, backlog.oldest_age_s or 0.0),
            (Metric.RELAY_POSITION, backlog.position.epoch * EPOCH_STEP + backlog.position.xid),
            (Metric.HORIZON_AGE, backlog.held_age_s or 0.0),
            (Metric.RELAY_LEADER, 0 if since is None else 1),
            (Metric.RELAY_LEADER_SINCE, 0.0 if since is None else since.timestamp()),
        ):
            self._telemetry.observe(metric, value)


def stand(before: Standing | None, backlog: Backlog, now_s: float) -> Standing:
    """Since when the cursor stands where it stands; anew wherever it moved, or nothing waits."""
    if before is None or before.position != backlog.position or backlog.count == 0:
        return Standing(backlog.position, now_s)
    return before


def is_held(backlog: Backlog) -> bool:
    """Whether the horizon has kept an event back for longer than any of our transactions lasts."""
    return backlog.held_age_s is not None and backlog.held_age_s >= HELD_S


def stalled(backlog: Backlog, standing: Standing, now_s: float) -> Reason | None:
    """What to say of events that wait while the cursor does not move."""
    still_s = now_s - standing.since_s
    if backlog.count == 0 or still_s < STALLED_S:
        return None
    age_s = backlog.oldest_age_s or 0.0
    detail = f"No stored event was published for {still_s:.0f} s, and the oldest has waited {age_s:.0f} s."
    return Reason("relay_stalled", detail, {"waiting": backlog.count, "oldest_age_s": round(age_s, 1)})


def held(backlog: Backlog, holders: Sequence[HorizonHolder]) -> Reason:
    """What to say of events that no ordered reader may see yet."""
    waited_s = backlog.held_age_s or 0.0
    detail = f"Stored events have waited {waited_s:.0f} s behind a transaction that is still open"
    about: dict[str, str | int | float] = {"held_age_s": round(waited_s, 1)}
    if not holders:
        return Reason("horizon_held", f"{detail}; it ended while it was looked for.", about)
    holder = holders[0]
    about |= {
        "kind": holder.kind,
        "holder": holder.who,
        "database": holder.database,
        "user": holder.user,
        "application": holder.application,
    }
    if holder.state is not None:
        about["state"] = holder.state
    if holder.age_s is not None:
        about["age_s"] = round(holder.age_s, 1)
    return Reason("horizon_held", f"{detail}: {_sentence(holder)}", about)


def _sentence(holder: HorizonHolder) -> str:
    open_for = "for a time that only pg_read_all_stats shows" if holder.age_s is None else f"for {holder.age_s:.0f} s"
    if holder.kind == "prepared":
        what = f"the prepared transaction {holder.who!r}"
        remedy = "End it by COMMIT PREPARED or ROLLBACK PREPARED."
    else:
        what = f"process {holder.who}"
        remedy = f"Let it end, or SELECT pg_terminate_backend({holder.who})."
    named = f" ({holder.application})" if holder.application else ""
    return f"{what} of user {holder.user!r} in database {holder.database!r}{named}, open {open_for}. {remedy}"
