"""Shapes of an installation: who has a turn when, what is made of the turns, and that the page says what is kept."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from queuebit_workbench.bench.figures import BurstFigures, Latency
from queuebit_workbench.shapes import Clocks, Seen, by_service, elsewhere_of, in_turns, parse, shape_of
from queuebit_workbench.sizing.__main__ import main
from queuebit_workbench.sizing.costs import PROCESSES, parts, parts_of
from queuebit_workbench.sizing.measured import Measured, Shape, kept, read_measured, text_of
from queuebit_workbench.sizing.page import NOT_YET, with_tables

PAGE = Path(__file__).parents[3] / "infra/docs/explanation/sizing.md"


def seen(rates: tuple[float, ...], us: float, p50_ms: float, p99_ms: float, elsewhere: float) -> Seen:
    costs = {"control_plane": us, "control_plane-2": us, "kafka-1": 80.0, "client": 5.0}
    return Seen(BurstFigures(rates, costs), Latency(10, p50_ms, p50_ms, p99_ms, p99_ms), rates[0] / 2, elsewhere)


def test_shapes_take_turns_there_and_back() -> None:
    assert list(in_turns((1, 2, 3), 2)) == [1, 2, 3, 3, 2, 1]
    assert list(in_turns((1, 2), 3)) == [1, 2, 2, 1, 1, 2]


def test_all_processes_of_a_service_cost_together() -> None:
    assert by_service({"control_plane": 300.0, "control_plane-2": 200.0, "kafka-1": 80.0, "kafka-2": 10.0}) == {
        "control_plane": 500.0,
        "kafka": 90.0,
    }


def test_a_shape_is_the_median_of_its_rounds_the_mean_of_its_costs_and_its_worst_latency() -> None:
    turns = [seen((100.0, 300.0), 200.0, 4.0, 20.0, 0.0), seen((200.0, 400.0), 300.0, 6.0, 50.0, 0.1)]

    assert shape_of(2, turns) == Shape(
        2, 250.0, (100.0, 300.0, 200.0, 400.0), {"control_plane": 500.0, "kafka": 80.0, "client": 5.0}, 75.0, 5.0, 50.0, 0.05
    )  # fmt: skip


def test_what_others_used_is_what_is_left_of_the_machine() -> None:
    before = Clocks(0.0, 100.0, 10.0)

    assert elsewhere_of(before, Clocks(10.0, 118.0, 25.0), cores=2) == pytest.approx(0.15)
    assert elsewhere_of(before, Clocks(10.0, 110.0, 21.0), cores=2) == 0.0, "clocks differ by a tick"


@pytest.mark.parametrize(
    "wrong",
    [["--planes", "2,3"], ["--planes", "1,1"], ["--planes", "x"], ["--turns", "0"], ["--partitions", "2"]],
)
def test_senseless_arguments_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["out.json", *wrong])


US = {"control_plane": 401.0, "classical_solver": 108.9, "result_validation": 1.0, "postgres": 122.4, "kafka": 78.0}
ABOUT = {
    "cores": 2, "machine": "x86_64", "python": "3.11.7", "postgres": "18.6", "fsync": "on", "kafka": "4.3.0",
    "partitions": 12, "turns": 2, "rounds": 2,
}  # fmt: skip
MEASURED = Measured(ABOUT, tuple(Shape(each, 1000.0, (1000.0,), US, 500.0, 5.0, 50.0, 0.01) for each in (1, 2, 3)))


def test_a_measurement_is_read_as_it_was_written_and_what_is_none_is_refused() -> None:
    assert read_measured(text_of(MEASURED)) == MEASURED
    for text in ('{"format": 0}', "[]", '{"format": 1, "shapes": [{}], "about": {}}'):
        with pytest.raises(ValueError, match="It is no measurement"):
            read_measured(text)
    with pytest.raises(ValueError, match="one of everything"):
        read_measured(text_of(Measured(ABOUT, MEASURED.shapes[1:])))


def test_what_is_kept_is_of_1_2_and_3_of_each_on_12_partitions() -> None:
    """Given none that is kept yet, then there is nothing to be wrong about."""
    measured = kept()

    assert measured is None or [each.planes for each in measured.shapes] == [1, 2, 3]
    assert measured is None or measured.about["partitions"] == 12
    assert measured is None or all(set(PROCESSES.values()) <= set(each.us_per_job) for each in measured.shapes)


def test_costs_are_those_of_one_of_everything_in_steps() -> None:
    told = {name: part.us for name, part in parts_of(US).items()}

    assert list(told.values()) == [400.0, 110.0, 5.0, 120.0, 80.0]
    assert {name: part.visits for name, part in parts().items()} == {
        "control-plane": 2, "classical-solver": 1, "result-validation": 1, "postgresql": 2, "kafka": 4,
    }  # fmt: skip


def test_the_page_says_what_is_kept() -> None:
    text = PAGE.read_text()

    assert with_tables(text, kept()) == text, "write it anew: python -m queuebit_workbench.sizing.page"
    with pytest.raises(ValueError, match="no table"):
        with_tables("# Nothing", kept())


def test_what_is_measured_gets_its_place_on_the_page_and_then_takes_that_of_the_one_before() -> None:
    faster = Measured({**ABOUT, "turns": 3}, tuple(replace(each, jobs_per_s=2000.0) for each in MEASURED.shapes))

    once = with_tables(PAGE.read_text(), MEASURED)
    twice = with_tables(once, faster)

    assert ("| 3 | 1,000 | 401 |" in once, "Each shape had 2 turns" in once, NOT_YET in once) == (True, True, False)
    assert ("| 3 | 2,000 | 401 |" in twice, "| 3 | 1,000 |" in twice, "Each shape had 3 turns" in twice) == (
        True,
        False,
        True,
    )
    assert with_tables(twice, faster) == twice


def test_the_command_of_the_page_names_the_least_cores(capsys: pytest.CaptureFixture[str]) -> None:
    (rate,) = re.findall(r"^make sizing JOBS_PER_S=(\d+)$", PAGE.read_text(), re.MULTILINE)

    assert main(["--jobs-per-s", rate, "--simulated", "1000"]) == 0
    assert f"{'control-plane':<20}" in capsys.readouterr().out
