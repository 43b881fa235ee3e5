"""The money of a leg: set aside before its attempt goes out, settled by what the attempt cost."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import BACKEND_PARAM, Cost, Money, Usage
from queuebit_contracts.money import CostBasis, Purpose, Quote
from queuebit_domain.job.money import NO_COST
from queuebit_domain.job.plans import SHADOW, params_of
from queuebit_domain.job.state import EndedJob, LegState, OpenJob
from queuebit_domain.money.estimates import Estimate, Price, Work, cost_of, dearest
from queuebit_domain.money.purse import UNKNOWN, Account, Purse, path_of

TRIES_MAX = 20
"""More attempts than a leg has, whatever becomes of them."""


def reservation(
    job: OpenJob, leg: LegState, number: int, purse: Purse
) -> ev.BudgetReserved | ev.BudgetExhausted | None:
    """What becomes of the money of an attempt that is about to go out; None where nothing is to be said of it: it is free,
    the tenant has no budget, or what was set aside for an earlier attempt of the leg still stands.
    """
    backends, quote = _backends(job, leg, purse), job.quote
    if not backends or reserved_for(job, leg.spec.leg) is not None or not (purse.capped or quote):
        return None
    expected = expected_cost(job, leg, purse)
    if isinstance(expected, str):
        return _refused(leg, "no_price", expected)
    if quote is not None and (differs := _differs(quote, leg, backends, expected)):
        return _refused(leg, "no_price", f"The quote is void: {differs}", expected)
    if not purse.capped:
        return None
    request, lane, currency = job.request, leg.spec.lane, expected.amount.currency
    purpose: Purpose = "experiment" if leg.spec.role == SHADOW else "production"
    path = path_of(request.tenant, request.labels, request.problem.kind)
    accounts = [each for each in purse.on_path(path, purpose) if each.currency == currency]
    if not accounts:
        detail = f"{request.tenant} has no budget for {purpose} in {currency}, in which {expected.backend} charges."
        return _refused(leg, "no_budget", detail, expected)
    short = next((each for each in accounts if each.left < Decimal(expected.amount.amount)), None)
    if short is not None:
        return _no_room(leg, expected, short)
    return ev.BudgetReserved(
        attempt_id=attempt_id_of(job.job_id, leg.spec.leg, number),
        leg=leg.spec.leg,
        lane=lane,
        number=number,
        backend=expected.backend,
        amount=expected.amount,
        parts=expected.parts,
        accounts=tuple(sorted(each.account for each in accounts)),
    )


def expected_cost(job: OpenJob, leg: LegState, purse: Purse) -> Estimate | str:
    """What an attempt of a leg that may be charged for costs at most, or why nobody knows that."""
    backends = _backends(job, leg, purse)
    unpriced = sorted(backends - purse.prices.keys())
    if unpriced:
        return f"What {unpriced[0]} charges is not known, and nobody who has a budget gets there."
    currencies = sorted({purse.prices[each].currency for each in backends})
    if len(currencies) > 1:
        return f"Backends of the lane {leg.spec.lane} charge in {' and in '.join(currencies)}: a job may name the one it wants."
    return dearest(_work(job, leg), [purse.prices[each] for each in backends])


def charged_legs(job: OpenJob, purse: Purse) -> list[LegState]:
    """The legs that somebody may charge for, but for those that are measured beside the answer."""
    return [each for each in job.legs if each.spec.role != SHADOW and _backends(job, each, purse)]


def reserved_for(job: OpenJob | EndedJob, leg: str) -> ev.BudgetReserved | None:
    """What is set aside for a leg."""
    return next((each for each in job.reserved if each.leg == leg), None)


def settlement(reserved: ev.BudgetReserved, spent: Decimal, basis: CostBasis, attempt_id: UUID) -> ev.BudgetSettled:
    """What was set aside, settled by what was spent in its currency."""
    amount = Decimal(reserved.amount.amount)
    return ev.BudgetSettled(
        attempt_id=attempt_id,
        leg=reserved.leg,
        reserved=reserved.amount,
        spent=Money(amount=f"{spent:f}", currency=reserved.amount.currency),
        released=f"{max(amount - spent, Decimal(0)):f}",
        overrun=f"{max(spent - amount, Decimal(0)):f}",
        basis=basis,
        accounts=reserved.accounts,
    )


def settled_by(
    job: OpenJob | EndedJob,
    job_id: UUID,
    report: ev.ExecutionSucceeded | ev.ExecutionFailed,
    basis: CostBasis = "reported",
    *,
    booked: bool = False,
) -> ev.BudgetSettled | None:
    """What the report of an attempt settles, with what late reports of its leg have said; `booked`: it is among these. One that
    failed and says of no cost settles nothing: what it handed in may live. Nor does one of an attempt before the money was set
    aside, which is settled already.
    """
    reserved = reserved_for(job, report.leg)
    if reserved is None or not _covers(reserved, job_id, report.attempt_id):
        return None
    own = _in_currency(report.cost, reserved.amount.currency)
    if not own and isinstance(report, ev.ExecutionFailed):
        return None
    spent = spent_late(job, report.leg, reserved.amount.currency) + (Decimal(0) if booked else own)
    if not spent and _used_something(report.usage):
        return settlement(reserved, Decimal(reserved.amount.amount), "estimate", report.attempt_id)
    return settlement(reserved, spent, basis, report.attempt_id)


def spent_late(job: OpenJob | EndedJob, leg: str, currency: str) -> Decimal:
    """What late reports say that a leg cost for which money is set aside."""
    return sum((_in_currency(each.cost, currency) for each in job.paid_late if each.leg == leg), Decimal(0))


def priced(usage: Usage, cost: Cost, backend: str, purse: Purse) -> Cost:
    """The cost of an attempt: as it says itself, else what it used by the price list of its backend."""
    price: Price | None = purse.prices.get(backend)
    return cost if price is None or cost != NO_COST else cost_of(usage, price)


def _differs(quote: Quote, leg: LegState, backends: frozenset[str], expected: Estimate) -> str:
    """How what would be paid differs from what was offered; empty where it does not."""
    if quote.leg != leg.spec.leg:
        return f"it is for {quote.leg}, and nothing else is paid for under it."
    if backends != {quote.backend}:
        return f"it is for {quote.backend}, and the attempt may go to {', '.join(sorted(backends))}."
    if (expected.amount, expected.parts) != (quote.amount, quote.parts):
        return f"it is for {quote.amount.amount} {quote.amount.currency}, and it may cost {expected.amount.amount} now."
    return ""


def _covers(reserved: ev.BudgetReserved, job_id: UUID, attempt_id: UUID) -> bool:
    numbers = range(reserved.number, reserved.number + TRIES_MAX)
    return any(attempt_id_of(job_id, reserved.leg, number) == attempt_id for number in numbers)


def _used_something(usage: Usage) -> bool:
    return usage.shots > 0 or usage.qpu_s > 0


def _in_currency(cost: Cost, currency: str) -> Decimal:
    amounts = ((cost.currency, cost.amount), *((each.currency, each.amount) for each in cost.further or ()))
    return sum((Decimal(amount) for each, amount in amounts if each == currency), Decimal(0))


def _backends(job: OpenJob, leg: LegState, purse: Purse) -> frozenset[str]:
    """The backends that charge and that the attempt may go to."""
    asked = params_of(job.request, leg.spec).get(BACKEND_PARAM)
    found = purse.payable(leg.spec.lane, None if asked is None else str(asked))
    if found == {UNKNOWN} and purse.prices:
        # Nobody has reported yet: the attempt waits on its topic, and what is set aside suffices wherever it goes.
        found = frozenset(purse.prices)
    return found - frozenset(leg.not_on)


def _work(job: OpenJob, leg: LegState) -> Work:
    request, size = job.request, job.size
    return Work(
        params=params_of(request, leg.spec),
        budget_s=leg.spec.budget_s,
        batch=request.tier != "interactive",
        qubits=size.qubits if size else 1,
        terms=size.terms if size else 1,
        measures=job.measures,
    )


def _no_room(leg: LegState, expected: Estimate, short: Account) -> ev.BudgetExhausted:
    until = "" if short.resets_at is None else f" It begins anew at {short.resets_at:%Y-%m-%d %H:%M} UTC."
    detail = (
        f"The budget {short.name} has {short.left:f} {short.currency} left, and it may cost"
        f" {expected.amount.amount} on {expected.backend}.{until}"
    )
    refused = _refused(leg, "no_room", detail, expected)
    return refused.model_copy(
        update={"left": f"{max(short.left, Decimal(0)):f}", "account": short.account, "resets_at": short.resets_at}
    )


def _refused(leg: LegState, code: str, detail: str, expected: Estimate | None = None) -> ev.BudgetExhausted:
    return ev.BudgetExhausted(
        leg=leg.spec.leg,
        lane=leg.spec.lane,
        code=code,
        detail=detail,
        needed=None if expected is None else expected.amount,
    )
