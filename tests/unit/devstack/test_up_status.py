"""What `queuebit status` says of a stack of which something is gone: who only watches stops no work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queuebit_devstack import up
from queuebit_devstack.processes import own_record
from queuebit_devstack.state import ProcessRecord, StackState, StateFile
from queuebit_devstack.watchers import WATCHERS
from tests.typed import typed

DEAD = 2**22 + 1
"""A process id that this system never gives."""
NAMES = ("kafka-1", "postgres", "ibm", *sorted(WATCHERS))


def stack(folder: Path, dead: str) -> None:
    """A stack in which one does not live."""
    processes = tuple(ProcessRecord(name, DEAD, 0.0, "x") if name == dead else own_record(name) for name in NAMES)
    StateFile(folder).save(StackState("s1", None, "127.0.0.1:1", "postgresql://u:p@127.0.0.1:2/d", None, processes))


async def said(folder: Path, dead: str) -> dict[str, Any]:
    stack(folder, dead)
    found = await up.report(folder)
    assert [each["name"] for each in found["processes"] if not each["alive"]] == [dead] * bool(dead)
    return {"running": found["running"], "ready": found["ready"]}


@pytest.mark.parametrize("dead", ["", *sorted(WATCHERS)])
async def test_work_flows_where_all_lives_or_one_who_watches_is_gone(tmp_path: Path, dead: str) -> None:
    assert await said(tmp_path, dead) == {"running": True, "ready": True}


@pytest.mark.parametrize("dead", ["kafka-1", "postgres", "ibm"])
async def test_it_does_not_where_one_is_gone_whom_work_needs(tmp_path: Path, dead: str) -> None:
    assert await said(tmp_path, dead) == {"running": False, "ready": False}


@pytest.mark.parametrize(("dead", "code", "told"), [("collector", 0, True), ("kafka-1", 8, False)])
def test_the_exit_code_is_of_work_and_a_dead_watcher_is_named_with_its_remedy(
    tmp_path: Path, dead: str, code: int, told: bool
) -> None:
    stack(tmp_path, dead)

    ended, out, _ = typed(["status"], {"QUEUEBIT_DATA": str(tmp_path)})

    assert (ended, "queuebit up --observability" in out) == (code, told)
    assert f"{dead:<20} port -      dead" in out
