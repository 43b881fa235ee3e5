"""Pages for operators on real servers: every command and query that they show does what they say, in their order."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queuebit_operations.projections.running import keep_running
from queuebit_runtime.clock import SystemClock
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.partitions.port import Partition
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops, Said
from tests.integration.operations.world import World
from tests.pages import DOCS, OPS_PAGES, typed_by

pytestmark = pytest.mark.tutorials


async def type_all(ops: Ops, page: str, values: Mapping[str, str] | None = None) -> dict[str, Said]:
    """Each command as it stands, with these in place of what the page leaves open; all end well."""
    said = {}
    for line in (each for each in typed_by(OPS_PAGES, page) if each.startswith("queuebit ")):
        shown = line
        for name, value in (values or {}).items():
            shown = shown.replace(name, value)
        said[line] = await ops.beside(*shlex.split(shown, comments=True)[1:], QUEUEBIT_ACTOR="ada")
        assert said[line].code == 0, (line, said[line].err)
    return said


def told(said: Mapping[str, Said], line: str) -> str:
    return next(each.out for text, each in said.items() if text.startswith(line))


async def test_what_is_spent_is_bounded_shown_and_stopped_as_the_page_says(ops: Ops, world: World) -> None:
    now = SystemClock().now()
    await world.store.add_tenant("acme", now)
    status = {"backend": "ibm_brisbane", "lane": "quantum", "available": True}
    await world.store.keep_reports([ReportedBackend("ibm_brisbane", now, status)])

    said = await type_all(ops, "how-to/budgets.md")

    assert len(said) == 12
    assert [name in told(said, "queuebit budget list") for name in ("acme/web/prod", "experiment", "250")] == [True] * 3
    assert "ibm" in told(said, "queuebit ops kill-report")


async def test_projections_are_asked_rebuilt_switched_and_dropped_as_the_page_says(ops: Ops, world: World) -> None:
    await tell_jobs(world.store, range(3), began_at=SystemClock().now(), labels={"team": "red"})
    await keep_running(world.store, SystemClock(), holder="test", once=True)

    said = await type_all(ops, "how-to/projections.md")

    assert len(said) == 7
    assert "acme" in told(said, "queuebit ops usage")
    shown = (await ops("projections", "show", "usage", "--json")).document
    assert [each["state"] for each in shown["builds"] if each["state"] != "dropped"] == ["live"]
    (query,) = [each.split("```")[0] for each in (DOCS / "how-to/projections.md").read_text().split("```sql\n")[1:]]
    assert [row["completed"] for row in await world.admin.fetch(query)] == ["3"]


async def test_a_log_is_recorded_verified_and_proven_as_the_page_says(
    ops: Ops, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (job_id,) = await tell_jobs(world.store, [1])
    public = (await ops.beside("audit", "key", "public.key")).out.strip()
    (tmp_path / "public.key").rename(tmp_path / "kept.key")
    values = {
        "$JOB": str(job_id),
        "$PUBLIC": public,
        "--key audit.key": "--key kept.key",
        "key audit.key": "key new.key",
    }

    said = await type_all(ops, "how-to/audit-the-log.md", values)

    assert len(said) == 5
    assert str(job_id) in (tmp_path / "proof.json").read_text()


async def test_a_month_goes_out_and_comes_back_as_the_page_on_postgresql_says(
    ops: Ops, world: World, tmp_path: Path
) -> None:
    """Given jobs of a month that is over, read by all, then the page's verbs take it out and bring it back."""
    over_at = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert await world.store.add_partition(Partition("event_2026_11", over_at, over_at + timedelta(minutes=1)))
    (job_id,) = await tell_jobs(world.store, [1], began_at=over_at + timedelta(seconds=1))
    await world.relay()
    before = await world.events(job_id)

    said = await type_all(ops, "how-to/operate-postgresql.md", {"/archive": str(tmp_path)})

    assert len(said) == 6
    assert [path.name for path in tmp_path.iterdir()] == ["event_2026_11"]
    assert await world.events(job_id) == before != []


async def test_the_queries_of_the_page_on_postgresql_are_answered(world: World) -> None:
    """Given a namespace of its own in place of the one that the page names, then each query is taken as it stands; what would
    change the server, and who may, is rolled back, or only read where no transaction can hold it.
    """
    page = typed_by(OPS_PAGES, "how-to/operate-postgresql.md")
    statements = [each.partition("--")[0].strip() for each in page if each.startswith(("SELECT", "GRANT", "ALTER"))]
    server = [each for each in statements if each.startswith(("ALTER SYSTEM", "SELECT pg_reload_conf"))]
    user = (await world.admin.fetchval("SELECT current_user")) or ""
    changes = world.admin.transaction()
    await changes.start()
    answers = {
        each: await world.admin.fetch(
            each.replace("queuebit.", f"{world.namespace}.").replace("TO queuebit", f'TO "{user}"')
        )
        for each in statements
        if each not in server
    }
    await changes.rollback()

    assert len(answers) >= 7
    assert next(rows for text, rows in answers.items() if "FROM queuebit.event_partition" in text) != []
    settings = [each.split()[3] for each in server if each.startswith("ALTER SYSTEM")]
    known = {row["name"] for row in await world.admin.fetch("SELECT name FROM pg_settings")}
    assert [name for name in settings if name not in known and name != "transaction_timeout"] == []
