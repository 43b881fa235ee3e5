"""Where a drill happens: the real servers and services, jobs on their way, an operator with a page, and a judge."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_devstack.credentials import TENANT, ensure_credentials, gateway_env
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.ready import ask_ready
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.supervise import Supervisor, prepare, service_specs
from queuebit_operations.records.kafka import opened_records
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_workbench.drill.asking import question
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.page import Command, Page, read_page
from queuebit_workbench.drill.told import metric_of

Say = Callable[[str], None]
WAIT_S = 180.0
LOOK_INTERVAL_S = 0.25
COMMAND_TIMEOUT_S = 180.0
PAGE_ROWS = 1000
SMALL: dict[str, Any] = {
    "kind": "maxcut",
    "statement": {"nodes": 6, "edges": [[0, 1, 3], [1, 2, 1], [2, 3, 4], [3, 4, 1], [4, 5, 5], [5, 0, 9]]},
}
OPERATOR_STATUS = (sys.executable, "-m", "queuebit_workbench", "status", "--json")


class Printed(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Scene:
    """A running installation, and what was asked of it so far."""

    stack: Stack
    services: Supervisor
    store: PostgresStore
    bus: KafkaBus
    page: Page
    say: Say
    numbers: Random
    api_key: str
    clock: SystemClock = field(default_factory=SystemClock)
    variables: dict[str, str] = field(default_factory=dict)
    asked: list[UUID] = field(default_factory=list)
    commands: list[tuple[str, int]] = field(default_factory=list)
    epochs: int = 1
    """How often the store began a new count, so that a job may be told once more."""

    def a_question(self) -> tuple[UUID, Outgoing]:
        """A small one, that nobody has sent yet."""
        request = {"problem": SMALL, "lane": "classical", "tier": "interactive", "seed": self.numbers.getrandbits(31)}
        return question(TENANT, request, self.clock, self.numbers)

    async def ask(self, count: int) -> list[UUID]:
        """So many jobs, as an upstream service asks for them."""
        made = [self.a_question() for _ in range(count)]
        await self.bus.publish([record for _, record in made])
        self.asked += [job_id for job_id, _ in made]
        return [job_id for job_id, _ in made]

    async def until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until it holds. Raises DrillFailed."""
        deadline_s = self.clock.monotonic_s() + WAIT_S
        while not await holds():
            if self.clock.monotonic_s() > deadline_s:
                raise DrillFailed(f"Waited in vain: {what}.")
            await self.clock.sleep(LOOK_INTERVAL_S)

    async def ended(self, job_ids: Sequence[UUID] | None = None) -> None:
        """Wait until these jobs, or all that were asked for, are completed."""
        wanted = self.asked if job_ids is None else job_ids

        async def all_are() -> bool:
            heads = await self.store.heads(wanted)
            return sum(row.head.state == "completed" for row in heads.values()) == len(wanted)

        await self.until(all_are, f"{len(wanted)} jobs are completed")

    async def told(self, service: str, code: str) -> None:
        """Wait until the service's `/ready`, its metrics and `queuebit status` all say that this is wrong."""

        async def all_say() -> bool:
            _, reasons = await ask_ready(self.services.health_port(service))
            return code in {each["code"] for each in reasons} and await self._measured(service, code)

        await self.until(all_say, f"{service} says {code}")
        status = await self.status()
        if status.code == 0 or code not in status.out:
            raise DrillFailed(f"`queuebit status` says nothing of {code}: {status.out}")
        self.say(f"{service}: /ready, metrics and `queuebit status` say {code}.")

    async def _measured(self, service: str, code: str) -> bool:
        return await metric_of(self.services.health_port(service), "queuebit_not_ready", queuebit_code=code) > 0

    async def healed(self) -> None:
        """Wait until every service is ready, and `queuebit status` agrees."""
        for name in self.services.names:
            await self.services.wait_ready(name)
        status = await self.status()
        if status.code != 0:
            raise DrillFailed(f"`queuebit status` is not content: {status.out}")

    async def status(self) -> Printed:
        """`queuebit status --json`."""
        return await self._run(OPERATOR_STATUS)

    async def reasons(self) -> dict[str, str]:
        """What `queuebit ops status` finds: the codes with their sentences."""
        found = await self.ops("status")
        return {each["code"]: each["detail"] for each in found.document["reasons"]}

    async def ops(self, *words: str) -> Printed:
        """`queuebit ops … --json`, beside the page: what the drill itself wants to know."""
        return await self._run((str(Path(sys.executable).with_name("queuebit")), "ops", *words, "--json"))

    async def about(self, service: str, code: str, name: str) -> str:
        """What `/ready` of a service says about a reason. Raises DrillFailed."""
        _, reasons = await ask_ready(self.services.health_port(service))
        found = next((each["about"][name] for each in reasons if each["code"] == code), None)
        if found is None:
            raise DrillFailed(f"{service} says nothing of {code}: {reasons}")
        return str(found)

    async def well(self) -> bool:
        """Whether `queuebit ops status` finds nothing."""
        return not await self.reasons()

    async def do(self, block: Sequence[Command]) -> list[Printed]:
        """The commands of a block of the page, each of which must end as the page says."""
        return [await self.command(each.said(self.variables), each.code) for each in block]

    async def command(self, words: Sequence[str], code: int = 0) -> Printed:
        """A command of the page with its variables put in. Raises DrillFailed where it ends otherwise."""
        shown = shlex.join(words)
        self.say(f"$ {shown}")
        program = Path(sys.executable).with_name(words[0]) if words[0] in ("queuebit", "python") else Path(words[0])
        done = await self._run((str(program), *words[1:]))
        self.commands.append((shown, done.code))
        if done.code != code:
            raise DrillFailed(
                f"`{shown}` ended with {done.code}, and the page says {code}: {(done.out + done.err)[-3000:]}"
            )
        return done

    async def _run(self, argv: Sequence[str]) -> Printed:
        data = {"QUEUEBIT_DATA": str(self.stack.data_dir), "QUEUEBIT_API_KEY": self.api_key, "QUEUEBIT_ACTOR": "drill"}
        child = await asyncio.create_subprocess_exec(
            *argv,
            env={**os.environ, **self.stack.env(), **gateway_env(self.stack.data_dir), **data},
            cwd=self.stack.data_dir,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                out, err = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return Printed(child.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))

    async def judge(self) -> dict[str, int]:
        """No job was lost, none ended twice, and whoever listens heard one outcome of each; after a restore one more, under an
        id of the new epoch. Raises DrillFailed.
        """
        ends: Counter[int] = Counter()
        jobs = 0
        for at in range(0, len(self.asked), PAGE_ROWS):
            for stored in (await self.store.load(self.asked[at : at + PAGE_ROWS])).values():
                jobs += 1
                ends[sum(each.type in TERMINAL_NAMES for each in stored)] += 1
        outcomes = await self._outcomes()
        heard = {job: len(ids) for job, ids in outcomes.items()}
        counts = {
            "asked": len(self.asked),
            "stored": jobs,
            "ended once": ends[1],
            "ended twice": sum(count for times, count in ends.items() if times > 1),
            "never ended": ends[0],
            "told one outcome": sum(heard.get(job) == 1 for job in self.asked),
            "told again after a restore": sum(1 < heard.get(job, 0) <= self.epochs for job in self.asked),
            "told of a job that nobody asked": len(set(heard) - set(self.asked)),
        }
        told = counts["told one outcome"] + counts["told again after a restore"]
        sound = counts["asked"] == counts["stored"] == counts["ended once"] == told
        if not sound or counts["told of a job that nobody asked"]:
            raise DrillFailed(f"Something was lost or doubled: {counts}")
        return counts

    async def _outcomes(self) -> dict[UUID, set[bytes]]:
        """The ids of the outcomes that lie on Kafka, by job: what comes twice under one id counts once to whoever listens."""
        found: defaultdict[UUID, set[bytes]] = defaultdict(set)
        async with opened_records(self.stack.access(), "") as records:
            async for some in records.read(await records.spans((channels.COMPLETED, channels.FAILED))):
                for record in some:
                    said = dict(record.headers)
                    found[UUID(said["ce_subject"].decode())].add(said["ce_id"])
        return dict(found)


@asynccontextmanager
async def a_scene(folder: Path, pages: Path, page: str, say: Say, *, brokers: int = 1) -> AsyncIterator[Scene]:
    """The servers and all services, started in `folder`, which is removed in the end."""
    read = read_page(pages, page)
    say("Starting Kafka, PostgreSQL and the services …")
    async with await start_stack(folder, brokers=brokers, remove=True) as stack:
        await prepare(stack)
        (port,) = free_ports(1)
        url = f"http://{LOOPBACK}:{port}"
        key = (await ensure_credentials(stack, url)).api_key
        bus = KafkaBus(KafkaSettings(stack.access(), client_id="drill"))
        async with (
            await PostgresStore.open(PostgresSettings(stack.postgres)) as store,
            Supervisor(stack, service_specs(port, env=gateway_env(stack.data_dir))) as services,
        ):
            await bus.start()
            try:
                yield Scene(stack, services, store, bus, read, say, Random(1), key)
            finally:
                await bus.stop()


Drill = Callable[[Scene], Awaitable[None]]
"""An incident, and how its page puts it right."""
