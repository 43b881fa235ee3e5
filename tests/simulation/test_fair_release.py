"""Two tenants on one lane, one with a hundred times the work: the other notices little, and nobody starves. On virtual time,
with a solver that does what was let out in its order, as a partition would have it.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from queuebit_domain.release.shares import Shares
from tests.simulation.lanes import RUN_S, WORKERS, Lane, p95
from tests.simulation.virtual import run_virtual


def lived(shares: Shares | None, *, flood: int, jobs: int = 60) -> Lane:
    """The small tenant asks once in five seconds; the flood asks for so many jobs in the first minute."""

    async def main() -> Lane:
        lane = Lane(shares)
        await lane.run()
        floods = asyncio.ensure_future(lane.ask("flood", flood, 60.0 / flood)) if flood else None
        await lane.clock.sleep(10.0)
        await lane.ask("small", jobs, 5.0)
        if floods is not None:
            await floods
        await lane.ended()
        return lane

    return run_virtual(main())


def test_a_flood_of_a_hundred_times_the_work_at_most_doubles_what_the_other_waits() -> None:
    """The bar: the p95 of the other stays within twice its quiet value, and the flood loses none of the rest."""
    quiet, loud = lived(Shares(), flood=0), lived(Shares(), flood=1200)
    ended_s = max(loud.took_s["flood"])

    assert p95(quiet.took_s["small"]) < 1.2 * RUN_S
    assert p95(loud.took_s["small"]) <= 2 * p95(quiet.took_s["small"])
    assert (len(loud.took_s["small"]), len(loud.took_s["flood"])) == (60, 1200)
    assert loud.busy_s / WORKERS >= 0.9 * ended_s, "the workers were busy as long as there was work"


def test_long_jobs_keep_all_workers_busy_though_little_is_let_out() -> None:
    """Given four workers and jobs that are longer than any window, then the workers are busy but for a moment."""

    async def main() -> Lane:
        lane = Lane(Shares(), run_s=60.0, workers=4, announces=True)
        await lane.run()
        await asyncio.gather(lane.ask("a", 20, 0.1), lane.ask("b", 20, 0.1))
        await lane.ended()
        return lane

    lane = run_virtual(main())

    assert max(max(took) for took in lane.took_s.values()) < 1.05 * 40 * 60.0 / 4


def test_without_shares_the_other_waits_for_all_of_the_flood() -> None:
    """What it is for: a queue is first in, first out."""
    loud = lived(None, flood=1200, jobs=10)

    assert p95(loud.took_s["small"]) > 60.0


def test_who_is_alone_waits_for_nobody_and_is_let_out_in_its_order() -> None:
    alone = lived(Shares(), flood=300, jobs=0)

    assert len(alone.took_s["flood"]) == 300
    assert alone.busy_s / WORKERS >= 0.9 * 75.0
    assert max(alone.took_s["flood"]) < 1.2 * (300 * RUN_S / WORKERS)


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_two_floods_share_the_lane_by_their_weights(weight: float) -> None:
    """Given two tenants who always have work waiting, then what they get done is as their weights are, within a sixth."""

    async def main() -> Lane:
        lane = Lane(Shares(weights={"b": weight}), run_s=0.05, workers=4)
        await lane.run()
        asking = [asyncio.ensure_future(lane.ask(tenant, 400, 0.005)) for tenant in ("a", "b")]
        await lane.clock.sleep(1.5)
        before = {tenant: len(took) for tenant, took in lane.took_s.items()}
        await lane.clock.sleep(3.5)
        done = {tenant: len(took) - before[tenant] for tenant, took in lane.took_s.items()}
        assert done["b"] / done["a"] == pytest.approx(weight, rel=1 / 6)
        await asyncio.gather(*asking)
        await lane.ended()
        return lane

    lane = run_virtual(main())

    assert {tenant: len(took) for tenant, took in lane.took_s.items()} == {"a": 400, "b": 400}


def test_while_nobody_has_to_wait_nothing_more_is_said_of_a_job() -> None:
    async def main() -> list[str]:
        lane = Lane(Shares())
        await lane.run()
        await lane.ask("small", 3, 2.0)
        await lane.ended()
        streams = lane.store.database.streams.values()
        stories = await lane.store.load([each.stream_id for each in streams if each.category == "job"])
        return [each.type for story in stories.values() for each in story]

    said = Counter(run_virtual(main()))

    assert said == dict.fromkeys(
        (
            "JobSubmitted",
            "JobPlanned",
            "JobQueued",
            "JobStarted",
            "ExecutionSucceeded",
            "ResultValidated",
            "JobCompleted",
        ),
        3,
    )
