"""What an agent may do, decided purely: nothing but reading unless it was allowed, and never beyond the bounds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from queuebit_client.forecast import DryRun
from queuebit_contracts.jobs import Cost

WINDOW_S = 60.0
SUBMISSIONS_PER_MINUTE = 10


class NotAllowed(Exception):
    """The agent may not do this. The text says what would have to be allowed, by whoever started the server."""

    transient = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """`spend`: it may submit and cancel. `hardware`: also where quantum hardware may answer. `cost_max`: what all its
    submissions may cost together, in `currency`.
    """

    spend: bool = False
    hardware: bool = False
    cost_max: Decimal = Decimal(0)
    currency: str = "USD"
    submissions_per_minute_max: int = SUBMISSIONS_PER_MINUTE


@dataclass(slots=True)
class _Taken:
    """What a key stands for. `amount`: what it costs, None where nobody knows yet."""

    fingerprint: str
    amount: Decimal | None
    job_id: str | None = None


@dataclass(slots=True)
class Ledger:
    """What was submitted so far. The same key a second time is the same job: it costs nothing and counts for nothing.

    What a job costs is set aside before it is sent, in one step with the look at what is left, so that calls at once stay
    within the bound together. Of jobs whose price nobody knows beforehand there is one at a time: the next one has to wait
    until what the last one cost is known.
    """

    allowance: Allowance
    _taken: dict[str, _Taken] = field(default_factory=dict)
    _submitted_at_s: deque[float] = field(default_factory=deque)
    _cancelled_at_s: deque[float] = field(default_factory=deque)

    @property
    def spent(self) -> Decimal:
        return sum((each.amount for each in self._taken.values() if each.amount is not None), Decimal(0))

    @property
    def unpriced(self) -> list[tuple[str, str]]:
        """Key and id of jobs whose cost is to be asked for."""
        return [
            (key, each.job_id) for key, each in self._taken.items() if each.amount is None and each.job_id is not None
        ]

    def check(self, key: str, plan: DryRun, now_s: float) -> bool:
        """Whether the key is new. Raises NotAllowed where the job of this key must not be submitted now."""
        known = self._taken.get(key)
        if known is not None and known.fingerprint != plan.fingerprint:
            raise NotAllowed("This key stands for another job: use a new one. (idempotency_key_reused)")
        if known is not None:
            return False
        lanes = {leg.lane for leg in plan.plan.legs}
        if "quantum" in lanes and not self.allowance.hardware:
            raise NotAllowed(
                "Quantum hardware may answer this job, and this server was started without --allow-hardware. "
                "Ask for the lane simulator or classical."
            )
        self._check_cost(plan)
        self._check_rate(self._submitted_at_s, "submitted", now_s)
        return True

    def take(self, key: str, plan: DryRun, now_s: float) -> bool:
        """Set aside what the job of this key costs, before it is sent; whether the key is new. Raises NotAllowed."""
        is_new = self.check(key, plan, now_s)
        if is_new:
            amount = plan.cost.amount
            self._taken[key] = _Taken(plan.fingerprint, None if amount is None else Decimal(amount))
            self._submitted_at_s.append(now_s)
        return is_new

    def sent(self, key: str, job_id: str) -> None:
        """The job was submitted, and this is its id."""
        self._taken[key].job_id = job_id

    def drop(self, key: str) -> None:
        """The job of this key was refused: nothing was sent, nothing is paid."""
        self._taken.pop(key, None)
        if self._submitted_at_s:
            self._submitted_at_s.pop()

    def settle(self, key: str, cost: Cost) -> None:
        """What a job cost whose price nobody knew. What was paid in another currency leaves nothing to spend."""
        ours = cost.currency == self.allowance.currency or Decimal(cost.amount) == 0
        self._taken[key].amount = Decimal(cost.amount) if ours and not cost.further else self.allowance.cost_max

    def cancel(self, now_s: float) -> None:
        """One more is to be cancelled. Raises NotAllowed."""
        self._check_rate(self._cancelled_at_s, "cancelled", now_s)
        self._cancelled_at_s.append(now_s)

    def _check_cost(self, plan: DryRun) -> None:
        amount, currency, cost_max = plan.cost.amount, plan.cost.currency, self.allowance.cost_max
        if amount is not None and Decimal(amount) <= 0:
            return
        if amount is None and any(each.amount is None for each in self._taken.values()):
            raise NotAllowed(
                "Nobody knows what it costs, nor yet what the last such job cost. Wait for the end of that job."
            )
        if amount is None and self.spent >= cost_max:
            raise NotAllowed(f"Nobody knows what it costs; {self.spent} were spent, and --cost-max is {cost_max}.")
        if amount is not None and currency != self.allowance.currency:
            raise NotAllowed(f"It costs {amount} {currency}, and --cost-max is in {self.allowance.currency}.")
        if amount is not None and self.spent + Decimal(amount) > cost_max:
            raise NotAllowed(f"It costs {amount} {currency}; {self.spent} were spent, and --cost-max is {cost_max}.")

    def _check_rate(self, at_s: deque[float], done: str, now_s: float) -> None:
        while at_s and at_s[0] <= now_s - WINDOW_S:
            at_s.popleft()
        if len(at_s) >= self.allowance.submissions_per_minute_max:
            raise NotAllowed(
                f"{len(at_s)} jobs were {done} within a minute, as many as --submissions-per-minute-max allows. "
                f"Wait {at_s[0] + WINDOW_S - now_s:.0f} s."
            )


def needs_a_person(plan: DryRun) -> bool:
    """Whether somebody must agree first: where it costs something, or nobody knows what."""
    return plan.cost.amount is None or Decimal(plan.cost.amount) > 0


def question_of(plan: DryRun) -> str:
    """What the person is asked: the target and the cost, by name. The same for the same plan."""
    where = ", then ".join(f"{leg.leg} on the lane {leg.lane}" for leg in plan.plan.legs)
    amount = "not known beforehand" if plan.cost.amount is None else f"{plan.cost.amount} {plan.cost.currency}"
    return (
        f"Submit a {plan.kind} job ({plan.size.get('variables', '?')} variables)? Target: {where}. Cost: {amount}. "
        f"{plan.cost.detail}"
    )
