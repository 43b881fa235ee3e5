"""Verify as a whole: its shares one after the other or in processes of their own, and the months that lie in files."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import queue
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from queuebit_operations.archiving.store import Noted, folder_of, opened_archives
from queuebit_operations.collector import calm
from queuebit_operations.connections.bus import kafka_access, namespace_of
from queuebit_operations.connections.clock import store_time
from queuebit_operations.connections.store import postgres_settings
from queuebit_operations.records.kafka import opened_records
from queuebit_operations.scan.port import Selection
from queuebit_operations.scan.postgres import opened_scan
from queuebit_operations.verification.archived import Gone, check_archive
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.parts import Counts, Part, Verified, settled
from queuebit_operations.verification.projected import verify_live
from queuebit_operations.verification.share import Share, astray, shares
from queuebit_operations.verification.topics import keyed_by_questions
from queuebit_operations.verification.verify import Bounds, Verification
from queuebit_runtime.service.interpreter import loop_factory

ALONE_EVENTS = 50_000
"""So few are verified here: another process takes longer to begin."""
SHARES_MIN = 4
"""With fewer, one process of two would be idle at the end, while another still compares projections."""
POLL_INTERVAL_S = 0.2
_T = TypeVar("_T")
_told: Any = None
"""In a process of a share: where it says how far it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be verified, and how. `events_max`: so many events, about four hundred bytes each, are kept in the memory of
    each of `processes_max` processes; more are verified in turns. `archives`: where archives lie now, where not as written.
    """

    selection: Selection
    bounds: Bounds
    kafka: bool
    processes_max: int
    events_max: int
    archives: Path | None = None


async def verify(
    wanted: Wanted, env: Mapping[str, str], on_progress: Callable[[Counts], None], note: Callable[[str], None]
) -> Verified:
    """Everything that is wanted. Raises what store and bus raise."""
    selection = wanted.selection
    async with opened_scan(postgres_settings(env)) as scan:
        _, events = await scan.count(selection)
    async with opened_archives(postgres_settings(env)) as store:
        noted = await store.archives() if selection.everything else []
    processes = 1 if events <= ALONE_EVENTS or wanted.bounds.rate_per_s is not None else wanted.processes_max
    usual = 1 if processes == 1 else max(SHARES_MIN, processes)
    count = shares(events, events_max=wanted.events_max, processes=usual)
    if count > usual:
        note(f"{events:,} events: {count} shares, {processes} at once.")
    parts, live = await _shared(wanted, env, count, processes, noted, on_progress, note)
    verified = settled(parts, selection)
    verified.add(live)
    on_progress(verified.counts)
    _archives(verified, noted, wanted.archives, on_progress, note)
    return verified


async def _shared(
    wanted: Wanted,
    env: Mapping[str, str],
    count: int,
    processes: int,
    noted: Sequence[Noted],
    on_progress: Callable[[Counts], None],
    note: Callable[[str], None],
) -> tuple[list[Part], Verified]:
    """What the shares say, and what the projections do where everything is wanted. Where records lie elsewhere than on the
    partitions of their keys, the shares look again at more of these topics, until each has met all that is its own.
    """
    live: Verified | None = None if wanted.selection.everything else Verified()
    parts_max = await _parts_known(wanted, env) if count > 1 else {}
    while True:
        jobs = [(wanted, dict(env), Share(number, count, parts_max), tuple(noted)) for number in range(count)]
        if processes == 1:
            parts = [await _part(*job, on_progress=on_progress) for job in jobs]
            if live is None:
                await verify_live(postgres_settings(env), live := Verified())
        else:
            parts, live = await _in_processes(jobs, processes, on_progress, live)
        elsewhere = astray([part.read for part in parts], [part.seen for part in parts])
        if not elsewhere:
            return parts, live
        parts_max |= elsewhere
        note(
            f"Not all of {', '.join(sorted(elsewhere))} lies on the partitions of its keys: every share reads more of it."
        )


async def _parts_known(wanted: Wanted, env: Mapping[str, str]) -> dict[str, int]:
    if not (wanted.kafka and wanted.selection.everything):
        return {}
    async with opened_records(kafka_access(env), namespace_of(env)) as records:
        return await keyed_by_questions(records)


async def _part(
    wanted: Wanted,
    env: Mapping[str, str],
    share: Share,
    noted: Sequence[Noted],
    *,
    on_progress: Callable[[Counts], None],
) -> Part:
    async with AsyncExitStack() as stack:
        stack.enter_context(calm())
        scan = await stack.enter_async_context(opened_scan(postgres_settings(env)))
        records = None
        if wanted.kafka and wanted.selection.everything:
            records = await stack.enter_async_context(opened_records(kafka_access(env), namespace_of(env)))
        clock = await store_time(scan)
        verification = Verification(
            scan, records, clock, wanted.bounds, on_progress=on_progress, share=share, gone=Gone(noted)
        )
        return await verification.part(wanted.selection)


async def _in_processes(
    jobs: Sequence[tuple[Wanted, dict[str, str], Share, tuple[Noted, ...]]],
    processes: int,
    on_progress: Callable[[Counts], None],
    live: Verified | None,
) -> tuple[list[Part], Verified]:
    """What the shares say, and what the projections do where that is not known yet."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    far: dict[int, Counts] = {}
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(told,)) as pool:
        loop = asyncio.get_running_loop()
        projecting = [loop.run_in_executor(pool, _live_here, jobs[0][1])] if live is None else []
        running = [loop.run_in_executor(pool, _part_here, *job) for job in jobs]
        everyone: list[asyncio.Future[Any]] = [*projecting, *running]
        try:
            while not all(each.done() for each in everyone):
                await asyncio.wait(everyone, timeout=POLL_INTERVAL_S, return_when=asyncio.FIRST_EXCEPTION)
                _hear(told, far)
                total = Counts()
                for counts in far.values():
                    total.add(counts)
                on_progress(total)
                if any(each.done() and each.exception() is not None for each in everyone):
                    break
            for projected in await asyncio.gather(*projecting):
                live = projected
            assert live is not None, "it was known, or is now"
            return list(await asyncio.gather(*running)), live
        except BaseException:
            for process in (pool._processes or {}).values():
                process.terminate()
            raise


def _hear(told: Any, far: dict[int, Counts]) -> None:
    while True:
        try:
            number, counts = told.get_nowait()
        except queue.Empty:
            return
        far[number] = counts


def _begin(told: Any) -> None:
    global _told
    _told = told


def _part_here(wanted: Wanted, env: Mapping[str, str], share: Share, noted: Sequence[Noted]) -> Part:
    """Runs in a process of its own."""
    pages = 0

    def tell(counts: Counts) -> None:
        nonlocal pages
        pages += 1
        if pages % 8 == 0:
            _told.put((share.number, counts))

    return _run(_part(wanted, env, share, noted, on_progress=tell))


def _live_here(env: Mapping[str, str]) -> Verified:
    """Runs in a process of its own."""
    found = Verified()
    with calm():
        _run(verify_live(postgres_settings(env), found))
    return found


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


def _archives(
    verified: Verified,
    noted: Sequence[Noted],
    archives: Path | None,
    on_progress: Callable[[Counts], None],
    note: Callable[[str], None],
) -> None:
    """Each month that is out of the log: its files against what was taken out, its streams against themselves."""

    def count(events: int) -> None:
        verified.counts.archived += events
        on_progress(verified.counts)

    for each in noted:
        if each.state == "detached":
            detail = f"since {each.noted_at.isoformat()}; queuebit ops operations list says who goes on"
            verified.findings.add(Finding("archive_unfinished", each.name, detail))
        if each.state != "archived":
            continue
        folder = folder_of(each, archives)
        if find_spec("pyarrow") is None:
            note(f"{each.name} was not looked at: pip install 'queuebit-operations[archive]'")
        elif folder is None:
            note(
                f"{each.name} was not looked at: it is not at {archives or each.folder}. Name its place with --archives."
            )
        else:
            for finding in check_archive(each, folder, count):
                verified.findings.add(finding)


def cores() -> int:
    """How many processes are worth it here."""
    return min(4, os.cpu_count() or 1)
