"""The client of a pipeline: submits jobs, reads completions, and takes the time between."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_workbench.bench.errors import BenchFailed, JobLost, Stuck

BATCH_BYTES_MAX = 256 * 1024
RECORDS_MAX = 500
CHUNK = 200
TICK_S = 0.002


@dataclass(frozen=True, slots=True)
class Question:
    """A job to submit. Its completion has the same key."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where jobs go in and where they come out, answered or not."""

    submitted: str
    completed: str
    failed: str | None = None


class Driver:
    """One client. `async with` connects it. `ask` makes the next job; `stuck_s` without any completion is a failure."""

    def __init__(self, access: KafkaAccess, route: Route, ask: Callable[[], Question], *, stuck_s: float) -> None:
        self.repeats = 0
        self._route = route
        self._ask = ask
        self._stuck_s = stuck_s
        self._open: dict[bytes, float] = {}
        self._latencies_s: list[float] = []
        self._progress = asyncio.Event()
        self._lost: str | None = None
        self._producer = AIOKafkaProducer(
            **client_options(access),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES_MAX,
        )
        self._consumer = AIOKafkaConsumer(
            **client_options(access), enable_auto_commit=False, max_poll_records=RECORDS_MAX
        )
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._producer.start()
            await self._consumer.start()
            places = await self._places()
            self._consumer.assign(places)
            await self._consumer.seek_to_end(*places)
            for place in places:
                await self._consumer.position(place)
        except BaseException:
            await self._close()
            raise
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self._close()

    async def _close(self) -> None:
        await self._consumer.stop()
        await self._producer.stop()

    async def _places(self) -> list[TopicPartition]:
        """The partitions of the topics that end jobs."""
        topics = [topic for topic in (self._route.completed, self._route.failed) if topic]
        try:
            return [TopicPartition(topic, n) for topic in topics for n in await self._producer.partitions_for(topic)]
        except KafkaError as error:
            raise BenchFailed(f"Kafka does not have the topics {', '.join(topics)}: {error!r}.") from error

    def ask(self, jobs: int) -> list[Question]:
        """So many questions, made before the time is taken."""
        return [self._ask() for _ in range(jobs)]

    async def burst(self, questions: Sequence[Question], in_flight_max: int) -> float:
        """Submit these jobs, never more than the bound unanswered; the seconds until the last is completed."""
        jobs = len(questions)
        began_s, sent = time.perf_counter(), 0
        while sent < jobs:
            room = in_flight_max - len(self._open)
            if room < min(CHUNK, jobs - sent):
                await self._wait()
                continue
            chunk = questions[sent : sent + min(room, CHUNK)]
            await self._send(chunk, time.perf_counter())
            sent += len(chunk)
        await self._settle()
        self._take_latencies()
        return time.perf_counter() - began_s

    async def spaced(self, jobs: int, gap_s: tuple[float, float], seed: int) -> list[float]:
        """Jobs that arrive one by one with gaps between; their latencies in seconds."""
        gaps = random.Random(seed)
        for _ in range(jobs):
            await asyncio.sleep(gaps.uniform(*gap_s))
            await self._send(self.ask(1), time.perf_counter())
        await self._settle()
        return self._take_latencies()

    async def paced(self, jobs_per_s: float, seconds: float) -> list[float]:
        """Jobs at a steady rate; latencies in seconds from when each was due, so that a late submission counts as well."""
        questions = self.ask(max(1, int(jobs_per_s * seconds)))
        jobs = len(questions)
        acknowledged: list[asyncio.Future[object]] = []
        began_s, sent = time.perf_counter(), 0
        while sent < jobs:
            due = min(jobs, int((time.perf_counter() - began_s) * jobs_per_s) + 1)
            if due > sent:
                acknowledged += await self._hand_over(questions[sent:due], began_s + sent / jobs_per_s)
                sent = due
            await asyncio.sleep(TICK_S)
        for each in acknowledged:
            await each
        await self._settle()
        return self._take_latencies()

    async def send(self, questions: Sequence[Question]) -> None:
        """Submit these jobs and wait for none of them."""
        await self._send(questions, time.perf_counter())

    async def _send(self, questions: Sequence[Question], due_s: float) -> None:
        for each in await self._hand_over(questions, due_s):
            await each

    async def _hand_over(self, questions: Sequence[Question], due_s: float) -> list[asyncio.Future[object]]:
        """Give questions to the producer; returns what resolves when each is acknowledged."""
        futures: list[asyncio.Future[object]] = []
        for each in questions:
            self._open[each.key] = due_s
            sent = self._producer.send(self._route.submitted, each.value, key=each.key, headers=list(each.headers))
            futures.append(await sent)
        return futures

    async def _settle(self) -> None:
        while self._open:
            await self._wait()

    async def _wait(self) -> None:
        """Until something was completed. Raises Stuck or JobLost."""
        self._progress.clear()
        try:
            await asyncio.wait_for(self._progress.wait(), self._stuck_s)
        except TimeoutError:
            raise Stuck(f"{len(self._open)} jobs did not come back within {self._stuck_s:g} s.") from None
        if self._lost is not None:
            raise JobLost(f"A job ended without an answer: {self._lost}")
        if self._reader is not None and self._reader.done():
            self._reader.result()

    def _take_latencies(self) -> list[float]:
        taken, self._latencies_s = self._latencies_s, []
        return taken

    async def _read(self) -> None:
        try:
            while True:
                batches = await self._consumer.getmany(timeout_ms=1000, max_records=RECORDS_MAX)
                now_s = time.perf_counter()
                for place, records in batches.items():
                    for record in records:
                        self._hear(place.topic, record.key, record.value, now_s)
                if batches:
                    self._progress.set()
        finally:
            self._progress.set()

    def _hear(self, topic: str, key: bytes, value: bytes, now_s: float) -> None:
        due_s = self._open.pop(key, None)
        if topic == self._route.failed:
            if due_s is not None:
                self._lost = value.decode(errors="replace")[:500]
        elif due_s is None:
            self.repeats += 1
        else:
            self._latencies_s.append(now_s - due_s)
