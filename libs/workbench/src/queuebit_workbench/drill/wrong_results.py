"""The course of the drill: jobs flow, a backend goes wrong, and the six commands of the runbook put it right."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from queuebit_contracts import events as ev
from queuebit_devstack.ports import free_ports
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare, service_specs
from queuebit_domain.job.codec import read_event
from queuebit_runtime.access.rules import UPSTREAM
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_store.postgres import PostgresStore, settings_from
from queuebit_workbench.drill.backend import NAME, DrillBackend
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.page import Command, Page
from queuebit_workbench.drill.question import BEST, TENANT, questions

Say = Callable[[str], None]
SERVICES = ("control_plane", "result_validation", "classical_solver")
RIGHT_SHARE, WRONG_SHARE = 0.5, 0.2
END_TIMEOUT_S = 600.0
LOOK_INTERVAL_S = 0.5
BURST = 500
STRETCH_S = 1.0
"""What the ten minutes of an incident are here: right and wrong answers lie in different stretches of the survey."""
WRONG_GAP = 0.01
"""Beyond it a stretch of the survey is a bad one: the others are at 0."""


@dataclass
class Outcome:
    """What happened: the commands with their exit codes, and how many jobs were which."""

    commands: list[tuple[str, int]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


async def run_drill(folder: Path, page: Page, jobs: int, say: Say) -> Outcome:
    """Run it on a fresh stack in `folder`, which is removed with it. Raises DrillFailed, or what the stack raises."""
    say("Starting Kafka and PostgreSQL …")
    async with await start_stack(folder, remove=True) as stack:
        return await drill_on(stack, page, jobs, say)


async def drill_on(stack: Stack, page: Page, jobs: int, say: Say, *, namespace: str = "") -> Outcome:
    """Run it on these servers, in a namespace that nobody else uses."""
    env = {"QUEUEBIT_NAMESPACE": namespace} if namespace else {}
    await prepare(stack, env)
    settings = settings_from({**stack.env(), **env}, service="drill")
    async with await PostgresStore.open(settings) as store:
        await store.add_tenant(TENANT, SystemClock().now())
        specs = service_specs(free_ports(1)[0], names=SERVICES, env=env)
        async with Supervisor(stack, specs):
            return await _Drill(stack, store, page, jobs, say, namespace).run()


class _Drill:
    def __init__(self, stack: Stack, store: PostgresStore, page: Page, jobs: int, say: Say, namespace: str) -> None:
        self._store = store
        self._page = page
        self._variables: dict[str, str] = {}
        self._jobs = jobs
        self._say = say
        self._clock = SystemClock()
        self._ids = SystemIds(self._clock)
        self._env = {**os.environ, **stack.env(), "QUEUEBIT_ACTOR": "drill"}
        if namespace:
            self._env["QUEUEBIT_NAMESPACE"] = namespace
        self._asking = KafkaBus(KafkaSettings(stack.access(UPSTREAM), namespace=namespace, client_id="drill"))
        self._bus = KafkaBus(
            KafkaSettings(stack.access("quantum-adapter"), namespace=namespace, client_id="drill-backend")
        )
        self._backend = DrillBackend(self._bus, self._clock)
        self._outcome = Outcome()
        self._asked = 0

    async def run(self) -> Outcome:
        self._backend.subscribe()
        await asyncio.gather(self._bus.start(), self._asking.start())
        try:
            await self._backend.report(self._ids.mint())
            began = await self._go_wrong()
            await self._put_right(began)
            await self._judge()
        finally:
            await asyncio.gather(self._bus.stop(), self._asking.stop())
        return self._outcome

    async def _go_wrong(self) -> datetime:
        """Right answers first, then wrong ones, and more questions on their way when somebody looks."""
        began = self._clock.now()
        right, wrong = int(self._jobs * RIGHT_SHARE), int(self._jobs * WRONG_SHARE)
        self._say(f"{right} jobs, answered right …")
        await self._ask(right)
        await self._until(lambda states: states["completed"] >= right)
        await self._clock.sleep(2 * STRETCH_S)
        self._backend.wrong = True
        self._say(f"{NAME} goes wrong: {wrong} jobs …")
        await self._ask(wrong)
        await self._until(lambda states: states["completed"] >= right + wrong)
        self._say(f"{self._jobs - right - wrong} more on their way")
        await self._ask(self._jobs - right - wrong)
        return began

    async def _put_right(self, began: datetime) -> None:
        """The six commands, as they stand on the page: three to stop the harm, three when the backend is mended."""
        (survey, quarantine, invalidate), *_, (release, compare, verify) = self._page.blocks
        found = await self._do(survey, SINCE=began.isoformat())
        bad = [each for each in found["stretches"] if (each["mean_gap"] or 0.0) > WRONG_GAP]
        if not bad:
            raise DrillFailed("The survey shows no bad stretch.")
        backend = str(Counter(each["backend"] for each in bad).most_common(1)[0][0])
        since = min(datetime.fromisoformat(each["began_at"]) for each in bad if each["backend"] == backend)
        hold = await self._do(quarantine, BACKEND=backend, BAD_SINCE=since.isoformat())
        await self._until(lambda states: states["completed"] + states["held"] >= self._jobs)
        done = await self._do(invalidate)
        self._outcome.counts["invalidated"] = done["outcomes"].get("invalidated", 0)
        self._backend.wrong = False
        self._say(f"{NAME} is mended")
        await self._do(release, HOLD=str(hold["hold"]))
        again = self._outcome.counts["invalidated"]
        await self._until(lambda states: states["completed"] >= self._jobs + again)
        compared = await self._do(compare, OPERATION=done["operation"])
        self._outcome.counts.update(compared["counts"])
        await self._do(verify)

    async def _judge(self) -> None:
        """No wrong answer is left standing, each was asked again, and nothing is lost."""
        counts: Counter[str] = Counter()
        after = None
        while page := await self._store.walk_heads(after, limit=500):
            after = page[-1].stream_id
            for stored in (await self._store.load([row.stream_id for row in page])).values():
                said = [read_event(each) for each in stored]
                answers = [event for event in said if isinstance(event, ev.JobCompleted)]
                if len(answers) != 1:
                    counts["without one answer"] += 1
                    continue
                right = answers[0].objective == BEST
                suspect = any(isinstance(event, ev.JobInvalidated) for event in said)
                counts[f"{'right' if right else 'wrong'}{', suspect' if suspect else ''}"] += 1
        self._outcome.counts.update(counts)
        again = self._outcome.counts["invalidated"]
        sound = (
            counts["wrong"] == 0
            and counts["without one answer"] == 0
            and counts["wrong, suspect"] >= int(self._jobs * WRONG_SHARE)
            and counts.total() == self._jobs + again
            and counts["right"] + counts["right, suspect"] + counts["wrong, suspect"] == self._jobs + again
        )
        if not sound:
            raise DrillFailed(f"It did not come out right: {dict(self._outcome.counts)}")

    async def _ask(self, count: int) -> None:
        batch = list(questions(count, self._clock, self._asked))
        for at in range(0, count, BURST):
            await self._asking.publish(batch[at : at + BURST])
        self._asked += count

    async def _until(self, holds: Callable[[Counter[str]], bool]) -> None:
        """Wait until it holds for how many jobs are in which state."""
        deadline_s = self._clock.monotonic_s() + END_TIMEOUT_S
        while not holds(states := await self._states()):
            if self._clock.monotonic_s() > deadline_s:
                raise DrillFailed(f"The jobs stand still: {dict(states)} of {self._asked}.")
            await self._clock.sleep(LOOK_INTERVAL_S)

    async def _states(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        after = None
        while page := await self._store.walk_heads(after, limit=5000):
            counts.update(row.head.state for row in page)
            after = page[-1].stream_id
        return counts

    async def _do(self, command: Command, **variables: str) -> Mapping[str, Any]:
        """One command of the page, as a process of its own; what it prints. Raises DrillFailed where it ends otherwise."""
        self._variables |= variables
        words = in_stretches(command.said(self._variables))
        shown = shlex.join(words)
        self._say(f"$ {shown}")
        argv = (str(Path(sys.executable).with_name(words[0])), *words[1:], "--json")
        child = await asyncio.create_subprocess_exec(*argv, env=self._env, stdout=asyncio.subprocess.PIPE)
        out, _ = await child.communicate()
        code = child.returncode or 0
        self._outcome.commands.append((shown, code))
        if code != command.code:
            raise DrillFailed(f"The command ended with {code}, the page says {command.code}: {out.decode()[-2000:]}")
        document: Mapping[str, Any] = json.loads(out)
        return document


def in_stretches(words: Sequence[str]) -> tuple[str, ...]:
    """The words of the page with the length of its stretches: ten minutes of an incident are some seconds here."""
    return tuple(
        f"{STRETCH_S:g}" if before == "--every" else word for before, word in zip(("", *words), words, strict=False)
    )
