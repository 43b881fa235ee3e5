"""Poison of each kind that the page knows: garbage, a record with a mistake in it, and many jobs that fail alike."""

from __future__ import annotations

import asyncio
import signal
from typing import Any
from uuid import UUID

from queuebit_contracts.channels import EXECUTIONS, SUBMITTED
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import JobQueued, JobStarted
from queuebit_contracts.ids import derive_id, uuid7
from queuebit_domain.job.codec import read_event
from queuebit_runtime.bus.port import Outgoing
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.scene import Scene
from queuebit_workbench.drill.told import metric_of

JOBS = 100
ALIKE = 40
GROUP = "control-plane"
READERS = {"control_plane": "control-plane", "result_validation": "result-validation"}
"""The services that read reports of workers, and their groups."""


async def poison_record(scene: Scene) -> None:
    """The rows of the page, from the single record to the pause."""
    await scene.ask(JOBS)
    await scene.ended()
    await _garbage(scene)
    await _mistaken(scene)
    await _many_alike(scene)
    await scene.do(scene.page.blocks[-1][2:])
    if (left := await scene.ops("dlq", "groups")).code != 0:
        raise DrillFailed(f"Dead letters are left: {left.out}")


async def _garbage(scene: Scene) -> None:
    """An upstream service sends what nobody can read: its questions go on, and what nobody misses is dropped."""
    scene.say("Garbage from upstream …")
    job_id, record = scene.a_question()
    await scene.bus.publish([Outgoing(SUBMITTED, record.key, b"hello", []), record])
    scene.asked.append(job_id)
    letter = (await _letters(scene, GROUP, "open"))[0]
    await scene.ended()
    if await metric_of(scene.services.health_port("control_plane"), "queuebit_dead_letters_total") < 1:
        raise DrillFailed("The metric queuebit_dead_letters_total does not tell of it.")
    scene.variables["LETTER"] = letter["id"]
    await scene.do(scene.page.blocks[0])
    await scene.command(scene.page.span("queuebit ops dlq drop", {"F": letter["fingerprint"]}))


async def _mistaken(scene: Scene) -> None:
    """A report of a worker with a mistake in it: its job waits behind it, and every other goes on."""
    scene.say("A report with a mistake in it, and the job's next reports behind it …")
    scene.services.send("classical_solver", signal.SIGSTOP)
    (job_id,) = await scene.ask(1)
    report = await _report(scene, job_id)
    await scene.bus.publish([report._replace(value=report.value[:-2])])
    letters = {group: (await _letters(scene, group, "open"))[0] for group in READERS.values()}
    scene.services.send("classical_solver", signal.SIGCONT)
    await scene.ended(await scene.ask(JOBS))
    waiting = await _letters(scene, GROUP, "waiting")
    scene.variables["LETTER"] = letters[GROUP]["id"]
    await scene.do(scene.page.blocks[0])
    corrected = scene.stack.data_dir / "corrected.json"
    await asyncio.to_thread(corrected.write_bytes, report.value)
    put_in = {"GROUP:OFFSET": letters[GROUP]["id"], "FILE": str(corrected)}
    await scene.command(scene.page.span("queuebit ops dlq edit", put_in))
    await scene.command(scene.page.span("queuebit ops dlq drop", {"F": letters["result-validation"]["fingerprint"]}))
    await _redrive(scene, waiting[0]["fingerprint"])
    await scene.ended()


async def _many_alike(scene: Scene) -> None:
    """A broken worker reports for many jobs what nobody can read: the groups pause, and an operator decides."""
    scene.say(f"{ALIKE} reports of a broken worker …")
    await scene.bus.publish([_broken(scene) for _ in range(ALIKE)])
    for service in READERS:
        await scene.told(service, "many_fail_alike")
    await scene.ask(JOBS)
    fingerprints = set[str]()
    for service, group in READERS.items():
        fingerprint = await scene.about(service, "many_fail_alike", "fingerprint")
        accept = scene.page.span("queuebit ops dlq accept", {"GROUP": group, "FINGERPRINT": fingerprint})
        await scene.command(accept)
        fingerprints.add(fingerprint)
    await scene.ended()
    await scene.healed()
    for fingerprint in sorted(fingerprints):
        await scene.command(scene.page.span("queuebit ops dlq drop", {"F": fingerprint}))


async def _report(scene: Scene, job_id: UUID) -> Outgoing:
    """What the worker says of the job when it begins."""

    async def is_out() -> bool:
        return any(each.type == "JobQueued" for each in (await scene.store.load([job_id])).get(job_id, []))

    await scene.until(is_out, "the work order is stored")
    stored = (await scene.store.load([job_id]))[job_id]
    orders = [order for order in map(read_event, stored) if isinstance(order, JobQueued)]
    return _started(scene, job_id, orders[0].attempt_id)


def _broken(scene: Scene) -> Outgoing:
    """A report of a job that nobody knows, cut off before its end."""
    job_id = uuid7(int(scene.clock.now().timestamp() * 1000), scene.numbers.getrandbits(74))
    report = _started(scene, job_id, UUID(int=scene.numbers.getrandbits(128), version=4))
    return report._replace(value=report.value[:-2])


def _started(scene: Scene, job_id: UUID, attempt_id: UUID) -> Outgoing:
    data = JobStarted(attempt_id=attempt_id, leg="classical", worker="broken", started_at=scene.clock.now())
    envelope = Envelope(derive_id(attempt_id, "started by a drill"), "/drill", str(job_id), scene.clock.now(), data)
    return Outgoing(EXECUTIONS, str(job_id).encode(), encode_data(data), encode_headers(envelope))


async def _letters(scene: Scene, group: str, state: str) -> list[dict[str, Any]]:
    """The dead letters of a group in that state, once there are some."""
    found: list[dict[str, Any]] = []

    async def are_there() -> bool:
        listed = (await scene.ops("dlq", "list", "--group", group)).document["letters"]
        found[:] = [each for each in listed if each["state"] == state]
        return bool(found)

    await scene.until(are_there, f"dead letters of {group} are {state}")
    return found


async def _redrive(scene: Scene, fingerprint: str) -> None:
    """What the page says under Afterwards, with what the first command prints put into the second."""
    scene.variables["FINGERPRINT"] = fingerprint
    count, resume, _ = scene.page.blocks[-1]
    counted = await scene.command((*count.said(scene.variables), "--json"), count.code)
    scene.variables["OPERATION"] = counted.document["operation"]
    await scene.command(resume.said(scene.variables), resume.code)
