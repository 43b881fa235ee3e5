"""Where a service is killed on purpose: at calls that exist, at the one that was meant, and nowhere else."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from queuebit_devstack.supervise import SERVICES
from queuebit_workbench.crash.__main__ import main
from queuebit_workbench.crash.points import CALLS, SEAMS, Point, every_point, point_of
from queuebit_workbench.crash.victim import arm

POINTS = tuple(every_point())


class Died(Exception):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("seam", CALLS)
def test_the_call_of_each_point_is_there_and_can_be_waited_for(seam: Any) -> None:
    module, owner, method = CALLS[seam]

    assert inspect.iscoroutinefunction(getattr(getattr(import_module(module), owner), method))


def test_the_matrix_has_every_service_and_every_seam_on_both_sides() -> None:
    assert {point.service for point in POINTS} == set(SERVICES)
    assert {point.seam for point in POINTS} == set(CALLS)
    assert len({point.name for point in POINTS}) == len(POINTS) == 2 * sum(map(len, SEAMS.values()))
    assert [point_of(point.name) for point in POINTS] == list(POINTS)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_process_dies_at_the_call_that_was_meant(when: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bus_class = import_module("queuebit_runtime.bus.kafka.bus").KafkaBus
    published: list[int] = []

    async def publish(_bus: object, number: int) -> int:
        published.append(number)
        return number

    def die() -> None:
        raise Died

    monkeypatch.setattr(bus_class, "publish", publish)
    point = Point("control_plane", "publish", when)
    arm(point, die)
    bus = bus_class.__new__(bus_class)

    assert [await bus.publish(number) for number in range(1, point.nth)] == list(range(1, point.nth))
    with pytest.raises(Died):
        await bus.publish(point.nth)
    assert published == list(range(1, point.nth + (when == "after")))


def test_the_points_can_be_listed_and_a_wrong_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [point.name for point in POINTS]

    with pytest.raises(SystemExit) as caught:
        main(["--only", "gateway.append.before"])
    assert caught.value.code == 2
    assert "There is no point 'gateway.append.before'; there are: gateway.reserve.before" in capsys.readouterr().err


def test_a_mark_says_where_a_process_died(tmp_path: Path) -> None:
    """In a process of its own, as SIGKILL cannot be caught."""
    mark = tmp_path / "mark"
    program = (
        "import asyncio, sys\n"
        "from queuebit_workbench.crash import victim\n"
        "from queuebit_runtime.bus.kafka.bus import KafkaBus\n"
        "async def publish(bus, records): print('published', flush=True)\n"
        "KafkaBus.publish = publish\n"
        "async def run():\n"
        "    for _ in range(9): await KafkaBus.publish(None, [])\n"
        "victim.runpy.run_module = lambda *_, **__: asyncio.run(run())\n"
        f"victim.main('gateway.publish.after', {str(mark)!r}, 'queuebit_gateway')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, mark.read_text()) == (-signal.SIGKILL, "gateway.publish.after\n"), done.stderr
    assert done.stdout.splitlines() == ["published"] * 4
