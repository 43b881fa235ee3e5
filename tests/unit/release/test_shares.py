"""How much of a lane each tenant may have out, how long attempts are taken to last, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from queuebit_contracts.jobs import Lane
from queuebit_domain.release.durations import Durations, sort_of
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_domain.release.turns import Turns, Waiting

T0 = datetime(2026, 3, 2, tzinfo=UTC)
LANE = Queue("classical", "batch")
WINDOW: Mapping[Lane, float] = {"classical": 10.0}


def an_order(tenant: str = "acme", budget_s: float = 4.0, queue: Queue = LANE) -> Order:
    """One so large that its budget is what it takes."""
    return Order(tenant, queue, "maxcut", 10_000, 1_000_000, budget_s)


def let_out(shares: Shares, count: int, tenant: str = "acme", first: int = 0, budget_s: float = 4.0) -> None:
    for nth in range(first, first + count):
        shares.let_out(UUID(int=nth), UUID(int=1000 + nth), an_order(tenant, budget_s), T0)


def test_who_is_alone_has_the_whole_window_and_waits_beyond_it() -> None:
    shares = Shares(WINDOW)
    let_out(shares, 2)
    found = shares.wait(an_order(), T0)

    assert shares.wait(an_order(budget_s=2.0), T0) is None
    assert found is not None
    assert (found.expected_s, found.reason) == (
        4.0,
        "fair_share: acme has 8 s of work not begun on the classical lane (batch), and about 10 s are let out at once.",
    )


def test_who_has_nothing_out_is_let_through_whatever_the_others_have_out() -> None:
    shares = Shares(WINDOW)
    let_out(shares, 2)

    assert shares.wait(an_order("globex", budget_s=60.0), T0) is None


def test_a_window_is_shared_by_weight_among_those_who_have_work_out_or_waiting() -> None:
    shares = Shares(WINDOW, {"globex": 3.0})
    let_out(shares, 1, "acme")
    alone = shares.share(LANE, "acme")
    shares.still_waiting({LANE: ["globex"]}, T0)
    waited_for = shares.share(LANE, "acme")
    let_out(shares, 1, "globex", first=10)
    shares.still_waiting({}, T0)

    assert (alone, waited_for, shares.share(LANE, "acme"), shares.share(LANE, "globex")) == (1.0, 0.25, 0.25, 0.75)


def busy(shares: Shares, workers: int, run_s: float = 1.0) -> datetime:
    """So many workers were busy for a minute with attempts of this length; then it is this moment."""
    for nth in range(int(60 * workers / run_s)):
        at = T0 + timedelta(seconds=nth * run_s / workers)
        shares.let_out(UUID(int=5000 + nth), UUID(int=nth), an_order(), at)
        shares.ended(UUID(int=5000 + nth), run_s, at)
    return T0 + timedelta(seconds=60)


@pytest.mark.parametrize(("workers", "run_s", "expected"), [(2, 0.5, 1.7), (50, 1.0, 56.0), (1, 0.0005, 0.25)])
def test_for_several_tenants_so_much_is_out_as_keeps_the_lane_busy(workers: int, run_s: float, expected: float) -> None:
    shares = Shares(WINDOW)
    now = busy(shares, workers, run_s)
    shares.let_out(UUID(int=1), UUID(int=1), an_order("globex"), now)

    assert shares.window_s(LANE, "acme", now) == pytest.approx(expected, rel=0.05)
    assert shares.window_s(LANE, "globex", now) == shares.window_s(LANE, "acme", now)
    assert shares.window_s(LANE, "acme", now + timedelta(seconds=61)) == pytest.approx(max(10.0, expected), rel=0.05)


def test_what_one_does_not_use_the_others_may_and_who_has_little_out_is_let_through() -> None:
    """Given two workers and a flood, then the flood has the lane to itself, and a job of another tenant goes at once."""
    shares = Shares(WINDOW)
    now = busy(shares, 2)
    shares.let_out(UUID(int=1), UUID(int=1), an_order("globex", 1.0), now)
    let_out(shares, 2, first=10, budget_s=1.0)
    full = shares.wait(an_order(budget_s=1.0), now)
    shares.ended(UUID(int=10), 1.0, now)

    assert full is not None
    assert shares.wait(an_order(budget_s=1.0), now) is None
    assert shares.wait(an_order("globex", 0.3), now) is None


def test_who_comes_while_others_of_its_own_wait_is_behind_them() -> None:
    shares = Shares(WINDOW)
    shares.waits(LANE, "acme", T0)
    found = shares.wait(an_order(budget_s=0.1), T0)

    assert found is not None
    assert found.reason.endswith("others of its own wait before it.")
    assert shares.wait(an_order("globex"), T0) is None
    assert shares.wait(an_order(queue=Queue("classical", "interactive")), T0) is None
    shares.still_waiting({}, T0)
    assert shares.wait(an_order(budget_s=0.1), T0) is None


def test_what_ended_is_out_no_more_and_nothing_is_counted_twice() -> None:
    shares = Shares(WINDOW)
    let_out(shares, 2)
    let_out(shares, 2)
    before = dict(shares.out_s())
    for _ in range(2):
        shares.ended(UUID(int=0), 1.0, T0)
        shares.ended(UUID(int=1), None, T0)

    assert before == {("classical", "batch", "acme"): 8.0}
    assert shares.out_s() == {}


def test_what_was_begun_holds_nobody_up() -> None:
    """Given attempts that somebody has begun with, then others may go, as many as there are workers for."""
    shares = Shares({"classical": 1.0})
    for nth in range(20):
        assert shares.wait(an_order(budget_s=60.0), T0) is None
        shares.let_out(UUID(int=nth), UUID(int=nth), an_order(budget_s=60.0), T0)
        assert shares.wait(an_order(budget_s=60.0), T0) is not None
        shares.began(UUID(int=nth))
        shares.began(UUID(int=nth))
    for nth in range(20):
        shares.ended(UUID(int=nth), 60.0, T0)

    assert shares.out_s() == {}
    assert shares.share(LANE, "acme") == 1.0


def test_a_lane_without_a_window_is_not_bounded() -> None:
    shares = Shares(WINDOW)
    rule = Queue("rule", "batch")
    for nth in range(50):
        shares.let_out(UUID(int=nth), UUID(int=nth), an_order(queue=rule), T0)

    assert (shares.wait(an_order(queue=rule), T0), shares.out_s()) == (None, {})


def test_those_that_were_answered_elsewhere_are_found_and_forgotten() -> None:
    shares = Shares(WINDOW)
    let_out(shares, 3)
    found = shares.old_flights(T0, 2)
    shares.forget(0)
    shares.keep(1, T0 + timedelta(seconds=5))

    assert list(found) == [0, 1]
    assert list(shares.old_flights(T0 + timedelta(seconds=1), 10)) == [2]
    assert shares.out_s() == {("classical", "batch", "acme"): 8.0}


def test_durations_are_learnt_and_bounded_by_the_budget() -> None:
    durations = Durations()
    sort = sort_of("maxcut", "classical", "batch", 20)
    first_s = durations.expected_s(sort, 20, 30, 10.0)
    for _ in range(100):
        durations.learn(sort, 2.0)

    assert first_s == pytest.approx(0.003)
    assert durations.expected_s(sort, 20, 30, 10.0) == pytest.approx(2.0)
    assert durations.expected_s(sort, 20, 30, 0.5) == 0.5
    assert (len(durations.known(sort)), durations.known(sort_of("tsp", "classical", "batch", 20))) == (64, ())


def always(tenant: str, expected_s: float) -> bool:
    return True


def taken(
    turns: Turns[str], waiting: Mapping[str, Sequence[float]], count: int = 1000, weight: float = 1.0
) -> list[tuple[str, str]]:
    named = {
        tenant: [Waiting(f"{tenant}{nth}", cost) for nth, cost in enumerate(costs)] for tenant, costs in waiting.items()
    }
    return turns.take(LANE, named, always, count)


def test_work_is_shared_not_jobs_whatever_the_jobs_are_worth() -> None:
    """Given tenants of weight 1 and 3 whose jobs differ a hundredfold, then the work differs from 1 to 3 by 5 % at most."""
    turns: Turns[str] = Turns(lambda tenant: {"a": 1.0, "b": 3.0}[tenant])
    sums = {"a": 0.0, "b": 0.0}
    costs = {"a": 10.0, "b": 0.1}
    for _ in range(400):
        for tenant, _ in taken(turns, {"a": [costs["a"]] * 50, "b": [costs["b"]] * 500}, count=60):
            sums[tenant] += costs[tenant]

    assert sums["b"] / sums["a"] == pytest.approx(3.0, rel=0.05)


def test_nobody_waits_longer_than_a_round_of_the_others() -> None:
    """Given a flood and one small job of another tenant, then it is among the first of each round."""
    turns: Turns[str] = Turns(lambda _: 1.0)
    found = [tenant for tenant, _ in taken(turns, {"flood": [0.5] * 1000, "small": [0.001]}, count=5)]

    assert "small" in found


def test_one_that_takes_longer_than_any_quantum_has_its_turn_too() -> None:
    turns: Turns[str] = Turns(lambda _: 1.0)
    found = taken(turns, {"a": [0.5] * 300, "b": [60.0]}, count=200)

    assert ("b", "b0") in found


def test_who_has_no_room_saves_no_more_than_its_next_one_costs() -> None:
    turns: Turns[str] = Turns(lambda _: 1.0)
    full = {"a": [Waiting("a0", 0.5), *(Waiting(f"a{nth}", 0.5) for nth in range(1, 50))]}
    for _ in range(100):
        assert turns.take(LANE, full, lambda *_: False, 10) == []
    after = [tenant for tenant, _ in taken(turns, {"a": [0.5] * 50, "b": [0.5] * 50}, count=20)]

    assert 8 <= after.count("a") <= 12


def test_the_ring_goes_on_where_it_ended() -> None:
    turns: Turns[str] = Turns(lambda _: 1.0)
    waiting = {name: [1.0] * 5 for name in ("a", "b", "c")}

    assert [taken(turns, waiting, count=1)[0][0] for _ in range(4)] == ["a", "b", "c", "a"]


def test_the_ring_goes_on_where_it_ended_in_each_stretch_of_tenants_that_is_looked_at_by_itself() -> None:
    """Given more tenants than one look takes, and room for one or two at a look, then nobody is passed over for ever."""
    turns: Turns[str] = Turns(lambda _: 1.0)
    stretches, had = (("a", "b", "c"), ("d", "e", "f")), dict.fromkeys("abcdef", 0)
    for nth in range(24):
        waiting = {name: [Waiting(name, 1.0)] * 5 for name in stretches[nth % 2]}
        for tenant, _ in turns.take(LANE, waiting, lambda *_: True, 1 + nth % 3 // 2, had):
            had[tenant] += 1

    assert set(had.values()) <= {5, 6}
