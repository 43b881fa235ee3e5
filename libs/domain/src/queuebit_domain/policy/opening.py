"""When lanes may be used, as a policy states it: the windows of each leg of a plan, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import TIERS, Lane, Leg, Tier
from queuebit_contracts.model import copy_with
from queuebit_contracts.policy import PolicyDocument, WindowRow
from queuebit_contracts.windows import Window
from queuebit_domain.release.windows import is_zone, opens_at

_A_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def within_windows(planned: JobPlanned, document: PolicyDocument, tier: Tier) -> JobPlanned:
    """The plan, each of whose legs has the windows of its lane; the very same where the policy states none."""
    if not document.windows:
        return planned
    legs = tuple(_within(leg, document.windows, tier) for leg in planned.legs)
    approval = planned.approval
    if approval is not None:
        otherwise = tuple(_within(leg, document.windows, tier) for leg in approval.legs)
        approval = copy_with(approval, legs=otherwise)
    return copy_with(planned, legs=legs, approval=approval)


def _within(leg: Leg, rows: tuple[WindowRow, ...], tier: Tier) -> Leg:
    found = tuple(_window(row) for row in rows if _is_for(row, leg.lane, tier))
    return copy_with(leg, windows=found) if found else leg


def _is_for(row: WindowRow, lane: Lane, tier: Tier) -> bool:
    return lane in row.lanes and (not row.tiers or tier in row.tiers)


@lru_cache(maxsize=256)
def _window(row: WindowRow) -> Window:
    return Window(
        effect=row.effect, days=row.days, opens=row.opens, closes=row.closes, zone=row.zone, reason=row.reason
    )


def problems_of_windows(document: PolicyDocument) -> Iterator[tuple[str, str, str, str]]:
    """What keeps windows from saying when: code, place, what is wrong, and the remedy."""
    seen: set[str] = set()
    unknown = False
    for row in document.windows:
        at = f"windows/{row.id}"
        if row.id in seen:
            yield "row_twice", at, "two windows have this id", "Give each its own."
        seen.add(row.id)
        if "rule" in row.lanes:
            yield "rule_closed", f"{at}/lanes", "the default answer takes no time", "Take `rule` out."
        if not is_zone(row.zone):
            unknown = True
            remedy = "Write an IANA name, such as Europe/Berlin or UTC."
            yield "unknown_zone", f"{at}/zone", f"there is no time zone {row.zone!r}", remedy
    if not unknown:
        yield from _never_open(document)


def _never_open(document: PolicyDocument) -> Iterator[tuple[str, str, str, str]]:
    for lane in sorted({lane for row in document.windows for lane in row.lanes}):
        for tier in TIERS:
            windows = [_window(row) for row in document.windows if _is_for(row, lane, tier)]
            if windows and opens_at(windows, _A_MONDAY) is None:
                detail = f"the {lane} lane never opens for {tier} jobs"
                yield "never_open", "windows", detail, "Forbid a lane by a guard, or leave it a time."
                return
