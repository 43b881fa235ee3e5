"""`queuebit policy` on a real PostgreSQL: the commands of its page, in its order, over jobs that were planned before."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from queuebit_client.cli import main
from queuebit_domain.job.decide import decide
from queuebit_domain.job.routing import plan
from queuebit_domain.job.state import NoJob
from queuebit_domain.job.summary import summary_of
from queuebit_domain.policy.tables import Policy as Tables
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, Head
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.builders import a_submit
from tests.fakes.histories import a_job_id, tell_jobs
from tests.integration.operations.conftest import Said
from tests.unit.policy.policies import a_policy, row

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "infra" / "docs" / "how-to" / "policies.md"
ENDS = {"policy diff": 1, 'policy explain "$JOB" --set': 1, 'policy explain "$JOB" --policy': 1}
"""What the page says changes something."""


class Policy:
    """`queuebit policy` in the namespace of a test, with Kafka out of reach."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")},
            "QUEUEBIT_POSTGRES": settings.url,
            "QUEUEBIT_NAMESPACE": settings.namespace,
            "QUEUEBIT_KAFKA": "127.0.0.1:1",
            "QUEUEBIT_ACTOR": "ada",
        }

    async def __call__(self, *words: str) -> Said:
        return await self.says("policy", *words)

    async def says(self, *words: str) -> Said:
        """What any verb of `queuebit` says."""
        return await asyncio.to_thread(self._run, words)

    def _run(self, words: tuple[str, ...]) -> Said:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with patch.dict(os.environ, self._env, clear=True), redirect_stdout(out), redirect_stderr(err):
            code = main.run([*words])
        out.seek(0)
        return Said(int(code), out.read(), err.getvalue())


@pytest.fixture
def policy(settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> Policy:
    monkeypatch.chdir(ROOT)
    return Policy(settings)


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
    return [line.removeprefix("queuebit ") for block in blocks for line in block.splitlines()]


async def test_every_command_of_the_page_does_what_it_says(policy: Policy, postgres_store: PostgresStore) -> None:
    (job_id, *_) = await tell_jobs(postgres_store, range(3), lane="auto", then=[])
    said: dict[str, Said] = {}
    for command in commands():
        words = shlex.split(command.replace("$JOB", str(job_id)))
        said[command] = await policy.says(*words)
        wanted = next((code for text, code in ENDS.items() if command.startswith(text)), 0)
        assert said[command].code == wanted, (command, said[command].err)

    assert len(said) >= 10
    listed = next(each.out for text, each in said.items() if text.startswith("policy list"))
    assert "canary/1" in listed
    assert "a tenth of what is left to us" in listed
    back = next(each.out for text, each in said.items() if text.startswith("policy rollback"))
    assert back == "Jobs are planned by routing/2 again, not by canary/1.\n"


async def test_what_would_change_is_counted_and_one_decision_is_told_in_full(
    policy: Policy, postgres_store: PostgresStore
) -> None:
    (job_id, *_) = await tell_jobs(postgres_store, range(4), lane="auto", then=[])
    await tell_jobs(postgres_store, range(4, 6), then=[])

    changed = await policy("diff", "infra/examples/policies/canary.yaml", "--json")
    same = await policy("diff", "routing/2", "--json")
    told = await policy("explain", str(job_id), "--set", "qubits=40", "--json")
    wrong = await policy("explain", str(job_id), "--set", "quibts=40")
    nobody = await policy("diff", "routing/2", "--tenant", "nobody")

    found = changed.document
    assert (changed.code, found["decisions"], found["changed"]) == (1, 6, 4)
    assert found["moves"] == [{"before": "small-on-simulator", "after": "otherwise", "jobs": 4}]
    assert (found["lanes_before"], found["lanes_after"]) == ({"simulator": 4, "classical": 6}, {"classical": 6})
    assert found["unknown"] == {"bucket": 6, "shadow_bucket": 6, "time_left_s": 6, "quantum_queue": 6}
    assert (same.code, same.document["changed"], same.document["decisions"]) == (0, 0, 6)
    row = next(each for each in told.document["rows"] if each["row"] == "small-on-simulator")
    assert (told.code, row["outcome"], told.document["what_if"]["rule"]) == (1, "holds", "otherwise-classical")
    assert {"condition": "qubits ge 4", "value": 6, "bound": 4, "mark": "holds"} in row["conditions"]
    assert (wrong.code, "sets no fact" in wrong.err) == (2, True)
    assert (nobody.code, "No decision is selected." in nobody.err) == (3, True)


async def test_a_file_that_is_no_policy_is_told_by_field(policy: Policy, tmp_path: Path) -> None:
    text = (ROOT / "infra/examples/policies/canary.yaml").read_text()
    cases = {
        "twice": (text + "\npolicy: other\n", 2, "the key 'policy' stands twice"),
        "field": (text.replace("routing:", "rooting:"), 2, "rooting: "),
        "yaml": ("a: [", 2, "is no YAML"),
        "list": ("- a", 2, "holds no policy"),
        "reserved": (text.replace("policy: canary", "policy: routing"), 2, "is that of the policy of the release"),
        "fault": (text.replace("{wish: quantum}", "{wish: off}"), 1, "In YAML `off`"),
    }
    for name, (written, code, wanted) in cases.items():
        file = tmp_path / f"{name}.yaml"
        file.write_text(written)
        said = await policy("publish", str(file), "--reason", "r")
        assert (said.code, wanted in said.err) == (code, True), (name, said.err)

    listed = await policy("list", "--json")
    assert (json.loads(listed.out)["published"], listed.document["active"]) == ([], "routing/2")


async def test_a_plan_waits_for_a_person_who_names_what_was_shown(
    policy: Policy, postgres_store: PostgresStore
) -> None:
    first, second, third = [
        await waiting(postgres_store, a_job_id(number), DEAR if number < 3 else TWO_OF_THEM) for number in (1, 2, 3)
    ]

    listed = await policy.says("approvals", "list", "--json")
    unnamed = await policy.says("approvals", "grant", str(first), "--reason", "r")
    digest = next(each for each in listed.document["approvals"] if each["job_id"] == str(first))["digest"]
    wrong = await policy.says("approvals", "grant", str(first), "--reason", "r", "--digest", "0" * 12)
    granted = await policy.says("approvals", "grant", str(first), "--reason", "r", "--digest", digest[:12])
    again = await policy.says("approvals", "grant", str(first), "--reason", "r", "--digest", digest[:12])
    told = {each["job_id"]: each["digest"] for each in listed.document["approvals"]}
    denied = await policy.says("approvals", "deny", str(second), "--reason", "too dear", "--digest", told[str(second)])
    half = await policy.says("approvals", "grant", str(third), "--reason", "r", "--digest", told[str(third)])
    nobody = await policy.says("approvals", "deny", str(a_job_id(9)), "--reason", "r", "--digest", digest)

    assert {each["job_id"] for each in listed.document["approvals"]} == {str(first), str(second), str(third)}
    assert (unnamed.code, f"Give --digest {digest}" in unnamed.err) == (2, True)
    assert (wrong.code, granted.code, granted.out, again.code) == (6, 0, "It goes on as planned.\n", 6)
    assert (denied.code, half.out, nobody.code) == (0, "1 of 2 allow it; it waits for more.\n", 3)
    names = [[event.type for event in (await postgres_store.load([each]))[each]][3:] for each in (first, second, third)]
    assert names == [["ApprovalGranted"], ["ApprovalDenied"], ["ApprovalGranted"]]
    left = await policy.says("approvals", "list")
    assert (left.out.count(str(third)), left.out.count(str(first))) == (1, 0)


ASKS: dict[str, Any] = {"id": "dear", "when": {}, "reason": "All is dear.", "role": "owners", "expires_s": 500}
DEAR = a_policy(row("q", "quantum", wish="auto"), approvals=[ASKS])
TWO_OF_THEM = a_policy(row("q", "quantum", wish="auto"), approvals=[{**ASKS, "quorum": 2}])


async def waiting(store: PostgresStore, job_id: UUID, decided_by: Tables) -> UUID:
    """A job whose plan waits."""
    submit = a_submit("auto", job_id)
    now = await store.now()
    events, job = decide(NoJob(), replace(submit, planned=plan(submit.inputs, decided_by)), now, job_id)
    new = new_events(job_id, 0, events, now)
    assert await store.append([Append(job_id, "acme", 0, new, Head(*summary_of(job)))]) == [True]
    return job_id


async def test_a_folder_is_looked_at_then_applied_and_applied_again(policy: Policy, tmp_path: Path) -> None:
    """Given a folder of policies, then a dry run changes nothing, an apply does all, and a second nothing."""
    (tmp_path / "canary.yaml").write_text((ROOT / "infra/examples/policies/canary.yaml").read_text())
    name = re.findall(r"^policy: (\S+)", (tmp_path / "canary.yaml").read_text(), re.M)[0]
    (tmp_path / "ACTIVE").write_text(name)

    looked = await policy("apply", str(tmp_path), "--dry-run", "--json")
    listed = await policy("list", "--json")
    unexplained = await policy("apply", str(tmp_path))
    applied = await policy("apply", str(tmp_path), "--reason", "from the pipeline")
    again = await policy("apply", str(tmp_path), "--reason", "from the pipeline", "--json")

    assert (looked.code, json.loads(looked.out)["activates"]) == (1, f"{name}/1")
    assert (json.loads(listed.out)["published"], unexplained.code) == ([], 2)
    assert (applied.code, applied.out.splitlines()[0]) == (0, f"canary.yaml: {name}/1 is published.")
    assert again.code == 0
    assert json.loads(again.out) == {
        "policies": [{"file": "canary.yaml", "version": f"{name}/1", "new": False}],
        "active": f"{name}/1",
        "activates": None,
        "applied": True,
    }
