"""Gates in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from queuebit_store.gates.port import Account, Allowance, Breaker, Gate, KillSwitch
from queuebit_store.memory_state.database import AccountRow, MemoryDatabase

MINUTE_S = 60.0


class MemoryGates:
    """Who may ask which provider now, on the database's clock."""

    database: MemoryDatabase

    async def gate(self, backend: str) -> Gate:
        return self.database.gates.get(backend, Gate(backend))

    async def pass_gate(self, backend: str, probe_s: float) -> datetime | None:
        known, now = await self.gate(backend), datetime.fromtimestamp(self.database.now_s(), UTC)
        if known.open_until is None:
            return None
        if known.open_until > now:
            return known.open_until
        self.database.gates[backend] = replace(known, open_until=now + timedelta(seconds=probe_s))
        return None

    async def note_answer(self, backend: str) -> None:
        self.database.gates.pop(backend, None)

    async def note_silence(self, backend: str, breaker: Breaker, weight: int = 1) -> Gate:
        known, now = await self.gate(backend), datetime.fromtimestamp(self.database.now_s(), UTC)
        failures = max(known.failures + 1, min(known.failures + weight, breaker.failures_max))
        open_until = known.open_until
        if failures >= breaker.failures_max:
            open_s = min(breaker.open_s * 2.0 ** min(failures - breaker.failures_max, 20), breaker.open_s_max)
            open_until = now + timedelta(seconds=open_s)
        found = self.database.gates[backend] = Gate(backend, failures, open_until)
        return found

    async def take_place(self, account: str, key: UUID, allowance: Allowance) -> bool:
        row, now_s = self.database.accounts.setdefault(account, AccountRow()), self.database.now_s()
        rows = self.database.submissions
        row.holders = [held for held in row.holders if held != key and held in rows and not rows[held].state.final]
        row.taken_s = [taken_s for taken_s in row.taken_s if taken_s > now_s - MINUTE_S]
        if (
            row.closed_until_s > now_s
            or 0 < allowance.at_once <= len(row.holders)
            or 0 < allowance.per_minute <= len(row.taken_s)
        ):
            return False
        row.holders.append(key)
        row.taken_s.append(now_s)
        return True

    async def list_gates(self) -> list[Gate]:
        return sorted(self.database.gates.values(), key=lambda gate: gate.backend)

    async def list_accounts(self) -> list[Account]:
        closed = {name: row.closed_until_s for name, row in self.database.accounts.items() if row.closed_until_s > 0.0}
        return [
            Account(name, tuple(row.holders), datetime.fromtimestamp(closed[name], UTC) if name in closed else None)
            for name, row in sorted(self.database.accounts.items())
        ]

    async def close_account(self, account: str, seconds: float) -> None:
        row = self.database.accounts.setdefault(account, AccountRow())
        row.closed_until_s = max(row.closed_until_s, self.database.now_s() + seconds)


class MemoryKillSwitches:
    """What was stopped at once, on the database's clock."""

    database: MemoryDatabase

    async def throw_switch(
        self,
        mode: str,
        scope: str,
        value: str,
        *,
        backends: Sequence[str],
        holds: Sequence[int],
        actor: str,
        reason: str,
    ) -> int:
        number = len(self.database.kill_switches) + 1
        self.database.kill_switches[number] = KillSwitch(
            number, mode, scope, value, tuple(backends), tuple(holds), (), actor, reason, self._now()
        )
        return number

    async def note_out(self, number: int, lineages: Sequence[UUID]) -> None:
        rows = self.database.kill_switches
        rows[number] = replace(rows[number], lineages=tuple(lineages))

    async def lift_switch(self, number: int, *, actor: str) -> bool:
        rows = self.database.kill_switches
        if number not in rows or rows[number].lifted_at is not None:
            return False
        rows[number] = replace(rows[number], lifted_at=self._now(), lifted_by=actor)
        return True

    async def switches(self, *, limit: int = 1000) -> list[KillSwitch]:
        return sorted(self.database.kill_switches.values(), key=lambda each: -each.number)[:limit]

    async def killed(self, backend: str, lineage: UUID | None = None) -> int | None:
        thrown = [each for each in self.database.kill_switches.values() if each.lifted_at is None]
        stopping = (
            each.number
            for each in thrown
            if {backend, "*"} & {*each.backends} or (not each.backends and lineage in each.lineages)
        )
        return min(stopping, default=None)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.database.now_s(), UTC)
