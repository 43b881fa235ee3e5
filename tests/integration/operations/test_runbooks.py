"""The runbooks: each incident is staged on real servers, and every command of its page ends there as the page says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from queuebit_domain.job.codec import fold
from queuebit_domain.job.summary import summary_of
from queuebit_operations.inspection.installation import RUNBOOKS
from queuebit_operations.projections.running import keep_running
from queuebit_runtime.clock import SystemClock
from queuebit_store.ports import Head
from queuebit_workbench.drill.page import Command, read_page
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.world import World

ROOT = Path(__file__).parents[3]
PAGES = ROOT / RUNBOOKS
PARTS = (
    "**Meaning.**",
    "**Impact.**",
    "## First three commands",
    "## Decision",
    "**Undo.**",
    "## Afterwards",
    "**Escalation.**",
    "**Tell customers.**",
)
NO_INCIDENT = {"README.md", "post-incident.md"}
DRILLED = {"wrong-results-from-a-backend.md", "poison-record.md", "late-jobs.md", "closed-door.md"}
"""Their commands are run elsewhere: by the drill among many jobs, and by the tests of the dead letters."""
LINES_MAX = 70
NOBODY = "127.0.0.1:1"


@dataclass
class Incident:
    """What is wrong: variables of the commands, what the environment is while it lasts, and what ends it."""

    variables: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    end: Callable[[], Awaitable[None]] | None = None


async def run(ops: Ops, command: Command, variables: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Run a command where the incident is, and compare how it ends."""
    words = command.said(variables)
    if words[:2] == ("queuebit", "ops"):
        said = await ops(*words[2:], **env)
    else:
        said = await ops.python(*words[1:], **env)
    assert said.code == command.code, f"{shlex.join(words)}\n{said.out}\n{said.err}"


async def stalled_relay(world: World) -> Incident:
    (job_id, *_) = await tell_jobs(world.store, range(3))
    await world.admin.execute("UPDATE event SET recorded_at = now() - interval '5 minutes'")
    return Incident({"JOB": str(job_id)}, end=world.relay)


async def database_lost(world: World) -> Incident:
    await tell_jobs(world.store, range(3))
    await world.relay()
    return Incident(env={"QUEUEBIT_POSTGRES": f"postgresql://queuebit@{NOBODY}/queuebit"})


async def kafka_ahead(world: World) -> Incident:
    """Three jobs were told; the store comes back from a dump of before the end of the last."""
    began_at = SystemClock().now()
    job_ids = await tell_jobs(world.store, range(3), began_at=began_at)
    await world.relay()
    await world.commit("control-plane", "jobs.executions", 0)
    cut = job_ids[-1]
    head = Head(*summary_of(fold((await world.events(cut))[:3])))
    await world.admin.execute("DELETE FROM event WHERE stream_id = $1 AND version > 3", cut)
    await world.admin.execute("UPDATE stream SET version = 3, updated_at = created_at WHERE stream_id = $1", cut)
    await world.store.rewrite_heads([(cut, 3, head)])
    await world.admin.execute("UPDATE event SET xid = '1099511627776' WHERE stream_id = $1", job_ids[0])
    return Incident({"RESTORED_TO": (began_at - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")})


async def broker_lost(world: World) -> Incident:
    await tell_jobs(world.store, range(3))
    await world.relay()
    return Incident(env={"QUEUEBIT_KAFKA": NOBODY})


async def stopped_projection(world: World) -> Incident:
    """The data of an event are cut, and come back from a backup."""
    (job_id, *_) = await tell_jobs(world.store, range(3))
    whole = (await world.events(job_id))[0].data
    await world.relay()
    await world.admin.execute("UPDATE event SET data = '{}' WHERE stream_id = $1 AND version = 1", job_id)
    clock = SystemClock()
    await keep_running(world.store, clock, holder="test", once=True)

    async def restore() -> None:
        text = "UPDATE event SET data = $2::json WHERE stream_id = $1 AND version = 1"
        await world.admin.execute(text, job_id, whole)

    return Incident({"JOB": str(job_id)}, end=restore)


INCIDENTS: dict[str, Callable[[World], Awaitable[Incident]]] = {
    "stalled-relay.md": stalled_relay,
    "database-lost.md": database_lost,
    "kafka-ahead.md": kafka_ahead,
    "broker-lost.md": broker_lost,
    "stopped-projection.md": stopped_projection,
}


def test_every_page_has_its_incident_and_every_reason_its_page() -> None:
    pages = {page.name for page in PAGES.glob("*.md")} - NO_INCIDENT
    code = (ROOT / "libs/operations/src/queuebit_operations/inspection/installation.py").read_text()
    named = {f"{name}.md" for name in re.findall(r'Reason\(.*, "([a-z-]+)"\)', code)}

    assert pages - DRILLED == set(INCIDENTS)
    assert named == pages - DRILLED, "nothing stands still where results are wrong"


@pytest.mark.parametrize("page", [*INCIDENTS, *sorted(DRILLED)])
def test_a_page_is_one_page_and_says_everything(page: str) -> None:
    text = (PAGES / page).read_text()
    places = [text.find(part) for part in PARTS]

    assert -1 not in places, f"{page} lacks {PARTS[places.index(-1)]}"
    assert places == sorted(places)
    assert len(text.splitlines()) <= LINES_MAX
    assert len(read_page(PAGES, page.removesuffix(".md")).blocks[0]) == 3


@pytest.mark.parametrize("page", INCIDENTS)
async def test_every_command_ends_as_its_page_says(
    page: str, ops: Ops, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    incident = await INCIDENTS[page](world)
    *during, afterwards = read_page(PAGES, page.removesuffix(".md")).blocks

    for command in (each for block in during for each in block):
        await run(ops, command, incident.variables, incident.env)
    if incident.end is not None:
        await incident.end()
    for command in afterwards:
        await run(ops, command, incident.variables, {})


@pytest.mark.parametrize("page", sorted(NO_INCIDENT))
async def test_where_all_is_well_the_other_pages_find_nothing(
    page: str, ops: Ops, world: World, tmp_path: Path
) -> None:
    await tell_jobs(world.store, range(2))
    await world.relay()

    for command in (each for block in read_page(PAGES, page.removesuffix(".md")).blocks for each in block):
        await run(ops, command, {}, {})
