"""Projections: each event once, in the order of commits, by one process at a time; and one table after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from queuebit_contracts.facts import Happened
from queuebit_domain.projections.backlog import BACKLOG
from queuebit_domain.projections.projection import Key, Notice, Projection, Row
from queuebit_store.ports import Append, NewEvent, Position
from queuebit_store.projections import memory, postgres
from queuebit_store.projections.folding import types_of
from queuebit_store.projections.port import Advance, Build, Progress
from queuebit_store.projections.runner import ProjectionRunner, Stepped
from tests.contract.store.builders import a_head, an_id, at
from tests.contract.store.conftest import OpenSession
from tests.fakes.histories import tell_jobs

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _keys(happened: Happened) -> Sequence[Key]:
    return ((happened.tenant,),)


def _apply(rows: Mapping[Key, Row], happened: Happened) -> Mapping[Key, Row | None]:
    """How many of each type a tenant has; a tenant that is cancelled is forgotten."""
    (key,) = _keys(happened)
    if happened.type == "JobCancelled":
        return {key: None}
    if happened.type == "JobExpired":
        raise ValueError("nobody foresaw this")
    counts = rows.get(key, (happened.tenant, {}))[1]
    return {key: (happened.tenant, {**counts, happened.type: counts.get(happened.type, 0) + 1})}


COUNTS = Projection(
    name="counts",
    version=1,
    meaning="Events by type.",
    columns={"tenant": "text", "counts": "jsonb"},
    key_columns=1,
    types=frozenset({"JobStarted", "JobFailed", "JobCancelled", "JobExpired"}),
    keys=_keys,
    apply=_apply,
    by_job=False,
    categories=("job",),
)


TYPES = types_of([COUNTS])


@dataclass
class Clock:
    now_s: float = 0.0

    def monotonic_s(self) -> float:
        return self.now_s


def runner(store: Any, holder: str = "one", clock: Clock | None = None, **more: Any) -> ProjectionRunner:
    return ProjectionRunner(
        store,
        more.pop("folds", (COUNTS,)),
        holder=holder,
        now=lambda: NOW,
        monotonic_s=(clock or Clock()).monotonic_s,
        **more,
    )


def a_stream(stream: int, *types: str, tenant: str = "acme", expected: int = 0) -> Append:
    data = {"JobStarted": f'{{"attempt_id":"{an_id(1)}","leg":"a","worker":"w","started_at":"2026-03-01T00:00:00Z"}}'}
    events = tuple(
        NewEvent(an_id(stream * 100 + expected + nth), name, 1, data.get(name, "{}"), at(0))
        for nth, name in enumerate(types, 1)
    )
    return Append(an_id(stream), tenant, expected, events, a_head())


async def all_steps(runner: ProjectionRunner, limit: int = 2) -> Stepped:
    while (stepped := await runner.step(limit=limit)).more:
        pass
    return stepped


async def counts_of(store: Any, build: str, *tenants: str) -> dict[str, Any]:
    found = await store.rows(COUNTS, build, [(tenant,) for tenant in tenants or ("acme", "other")])
    return {key[0]: row[1] for key, row in found.items()}


async def the_build(store: Any, name: str = "counts_v1") -> Build:
    builds: list[Build] = await store.builds()
    return next(each for each in builds if each.build == name)


async def test_every_event_is_taken_once_whatever_the_batches(store: Any) -> None:
    await store.append([a_stream(1, "JobStarted", "JobPlanned", "JobStarted"), a_stream(2, "JobPlanned")])
    await store.append([a_stream(3, "JobFailed", "JobStarted", tenant="other"), a_stream(4, "JobStarted")])
    one = runner(store)
    await one.prepare()

    await all_steps(one)

    assert await counts_of(store, "counts_v1") == {
        "acme": {"JobStarted": 3},
        "other": {"JobFailed": 1, "JobStarted": 1},
    }
    build = await the_build(store)
    assert (build.state, build.events, build.failure) == ("live", 5, None)
    assert build.cursor == await store.load_cursor("projection/counts_v1")
    assert (await one.step(limit=2)).events == {}


async def test_a_page_holds_so_many_bytes_and_one_event_of_any_size(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.append([a_stream(1, *["JobStarted"] * 5), a_stream(2, "JobFailed")])
    whole = await store.read_page(Position(), limit=9, categories=("job",), types=TYPES)
    size = len(whole.events[0].data.encode())
    for bytes_max, expected in ((1, 1), (2 * size, 2), (2 * size + 1, 2)):
        for adapter in (memory, postgres):
            monkeypatch.setattr(adapter, "PAGE_BYTES_MAX", bytes_max)
        page = await store.read_page(Position(), limit=9, categories=("job",), types=TYPES)
        assert (page.events, page.count, page.more) == (whole.events[:expected], expected, True)
        assert page.end == page.events[-1].position
        one = runner(store, f"{bytes_max}")
        await one.prepare()
    await all_steps(one, 9)
    assert await counts_of(store, "counts_v1") == {"acme": {"JobFailed": 1, "JobStarted": 5}}
    assert (whole.count, whole.more) == (6, False)


async def test_rows_are_counted_in_groups(store: Any) -> None:
    one = runner(store, folds=(BACKLOG,))
    await one.prepare()
    ids = [
        await tell_jobs(store, numbers, then=(), tenant=tenant) for numbers, tenant in (((1, 2), "acme"), ((3,), "b"))
    ]
    await tell_jobs(store, [4], then=(), lane="quantum")
    await all_steps(one, 100)

    async def counted(**equal: str) -> list[Any]:
        wanted = {"by": ("lane", "state"), "least": ("submitted_at",), "limit": 9}
        return list(await store.counted(BACKLOG, "backlog_v1", equal=equal, **wanted))

    found = await counted(tenant="acme")
    assert [row[:3] for row in found] == [("classical", "queued", 2), ("quantum", "queued", 1)]
    assert all(row[3] == found[0][3] for row in found)
    assert [row[2] for row in await counted(tenant="acme", lane="quantum")] == [1]
    assert (await counted(tenant="nobody"), len(ids[1])) == ([], 1)


async def test_a_row_goes_and_comes_again(store: Any) -> None:
    one = runner(store)
    await one.prepare()
    await store.append([a_stream(1, "JobStarted")])
    await all_steps(one, 100)
    await store.append([a_stream(1, "JobCancelled", expected=1)])
    await all_steps(one, 100)
    assert await counts_of(store, "counts_v1") == {}
    await store.append([a_stream(2, "JobStarted", "JobCancelled", "JobStarted")])
    await all_steps(one, 100)
    assert await counts_of(store, "counts_v1") == {"acme": {"JobStarted": 1}}


async def test_an_event_that_cannot_be_taken_stops_one_projection_alone(store: Any) -> None:
    clock = Clock()
    other = replace(COUNTS, name="others", apply=lambda _rows, happened: {(happened.tenant,): (happened.tenant, {})})
    one = runner(store, clock=clock, folds=(COUNTS, other))
    await one.prepare()
    await store.append([a_stream(1, "JobStarted", "JobExpired", "JobStarted")])

    await all_steps(one, 100)

    stopped, goes_on = await the_build(store), await the_build(store, "others_v1")
    assert stopped.failure is not None
    assert (stopped.failure.type, stopped.failure.version, stopped.failure.error) == ("JobExpired", 2, "ValueError")
    assert (stopped.events, await counts_of(store, "counts_v1")) == (1, {"acme": {"JobStarted": 1}})
    assert (goes_on.events, goes_on.failure) == (3, None)

    mended = replace(COUNTS, apply=lambda rows, happened: _apply(rows, happened._replace(type="JobStarted")))
    two = runner(store, "two", clock, folds=(mended, other))
    await one.release()
    await all_steps(two, 100)
    assert await counts_of(store, "counts_v1") == {"acme": {"JobStarted": 3}}
    assert (await the_build(store)).failure is None


async def test_a_former_runner_saves_nothing(open_session: OpenSession) -> None:
    first, second = await open_session(), await open_session()
    one, two = runner(first), runner(second, "two")
    await one.prepare()
    await first.append([a_stream(1, "JobStarted")])
    assert (await one.step(limit=100)).events == {"counts": 1}
    await second.append([a_stream(2, "JobStarted")])
    assert await two.step(limit=100) == Stepped()
    await one.release()
    assert (await two.step(limit=100)).events == {"counts": 1}

    build = await the_build(first)
    former = await first.take(build.lease, "one", 30.0)
    assert former is None
    stale = replace(build, cursor=replace_cursor(build))
    lease = await second.take(build.lease, "two", 30.0)
    assert lease is not None
    progress = Progress(stale.cursor, build.cursor, 1, [("acme", {"JobStarted": 9})], [])
    assert not await second.advance([Advance(COUNTS, build, progress, lease)])
    right = Progress(build.cursor, build.cursor, 1, [("acme", {"JobStarted": 9})], [])
    assert not await first.advance([Advance(COUNTS, build, right, replace(lease, token=lease.token - 1))])
    assert await counts_of(first, "counts_v1") == {"acme": {"JobStarted": 2}}
    assert await first.builds() == [build]


async def test_a_build_that_another_moved_just_before_it_was_taken_is_gone_on_with_at_once(store: Any) -> None:
    """Given a runner that read how far a build is, and took it when another one had moved and left it, then it reads again."""
    one, two = runner(store), runner(store, "two")
    await two.prepare()
    await store.append([a_stream(1, "JobStarted", "JobFailed"), a_stream(2, "JobStarted")])
    take = store.take

    async def late(name: str, holder: str, ttl_s: float) -> Any:
        if holder == "one" and not (await the_build(store)).events:
            assert (await two.step(limit=1)).events == {"counts": 1}
            await two.release()
        return await take(name, holder, ttl_s)

    store.take = late
    try:
        stepped = [await one.step(limit=100) for _ in range(2)]
    finally:
        store.take = take

    assert [(each.events, each.more) for each in stepped] == [({"counts": 0}, True), ({"counts": 2}, False)]
    assert await counts_of(store, "counts_v1", "acme") == {"acme": {"JobStarted": 2, "JobFailed": 1}}


def replace_cursor(build: Build) -> Any:
    return build.cursor._replace(seq=build.cursor.seq - 1)


async def test_a_build_is_filled_beside_the_live_one_and_takes_its_place(store: Any) -> None:
    live = runner(store)
    await live.prepare()
    await store.append([a_stream(1, "JobStarted")])
    await all_steps(live)
    new = await store.create_build(COUNTS, live=False)
    assert (new.build, new.state) == ("counts_v1_2", "building")
    assert not await store.switch(new)
    filling = runner(store, "ops", states=("building",), only=(new.build,))

    await all_steps(filling)
    await filling.release()
    assert await store.switch(new)

    states = {each.build: each.state for each in await store.builds()}
    assert states == {"counts_v1": "retired", "counts_v1_2": "live"}
    await store.append([a_stream(2, "JobStarted")])
    await all_steps(live)
    assert await counts_of(store, "counts_v1_2") == {"acme": {"JobStarted": 2}}
    assert await counts_of(store, "counts_v1") == {"acme": {"JobStarted": 1}}
    assert not await store.drop_build(await the_build(store, "counts_v1_2"))
    assert await store.drop_build(await the_build(store))
    assert [each.build for each in await store.builds()] == ["counts_v1_2"]
    assert "projection/counts_v1" not in {each.lease for each in await store.builds()}


async def test_a_dropped_build_takes_nothing_more(store: Any) -> None:
    await store.append([a_stream(1, "JobStarted", "JobStarted", "JobStarted")])
    new = await store.create_build(COUNTS, live=False)
    filling = runner(store, "ops", states=("building",))
    assert (await filling.step(limit=1)).events == {"counts": 1}
    assert await store.drop_build(new)
    assert await filling.step(limit=1) == Stepped()
    assert (await store.create_build(COUNTS, live=False)).cursor == (0, 0, 0)


@pytest.mark.parametrize("label", ["a\x00b", "\U0001f600"])
async def test_what_postgresql_has_no_character_for_is_replaced(store: Any, label: str) -> None:
    odd = replace(COUNTS, apply=lambda _rows, happened: {(happened.tenant,): (happened.tenant, {label: 1})})
    one = runner(store, folds=(odd,))
    await one.prepare()
    await store.append([a_stream(1, "JobStarted")])
    assert (await all_steps(one)).builds[0].failure is None
    assert len(await counts_of(store, "counts_v1")) == 1


async def test_what_is_told_is_told_live_and_never_again(store: Any) -> None:
    said: list[str] = []

    async def tell(told: Sequence[Any]) -> None:
        said.extend(each.text for each in told)

    notices = replace(COUNTS, notify=lambda happened, _changes: [Notice(an_id(1), "told", str(happened.job_id))])
    await store.append([a_stream(1, "JobStarted")])
    live = runner(store, folds=(notices,), tell=tell)
    await live.prepare()
    await all_steps(live)
    assert said == []
    await store.append([a_stream(2, "JobStarted")])
    await all_steps(live)
    new = await store.create_build(notices, live=False)
    filling = runner(store, "ops", folds=(notices,), states=("building",), tell=tell)
    await store.append([a_stream(3, "JobStarted")])
    await all_steps(filling)
    assert not await store.switch(replace(new, build="counts_v1_9"))
    await all_steps(live)
    await filling.release()
    assert await store.switch(new)
    await store.append([a_stream(4, "JobStarted")])
    await all_steps(live)

    assert said == [str(an_id(2)), str(an_id(3)), str(an_id(4))]
