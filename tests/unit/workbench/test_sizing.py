"""How large an installation must be: the queues are those of the textbook, the plan is the least that holds."""

from __future__ import annotations

import json
import math

import pytest

from queuebit_workbench.sizing.__main__ import main
from queuebit_workbench.sizing.costs import PATH, parts
from queuebit_workbench.sizing.plan import Load, limit_per_s, path_of, servers_of, size_for, work_s
from queuebit_workbench.sizing.queues import Visit, simulate


def erlang_wait_s(per_s: float, mean_s: float, servers: int) -> float:
    """The mean time at a station with exponential times and so many servers: Erlang's C formula."""
    load = per_s * mean_s
    full = load**servers / math.factorial(servers) * servers / (servers - load)
    waits = full / (sum(load**k / math.factorial(k) for k in range(servers)) + full)
    return waits * mean_s / (servers - load) + mean_s


@pytest.mark.parametrize(("per_s", "servers"), [(70.0, 1), (240.0, 3)])
def test_one_station_waits_as_long_as_the_formula_says(per_s: float, servers: int) -> None:
    seen = simulate([Visit("a", 0.01)], {"a": servers}, per_s, jobs=60_000, seed=3)

    assert seen.mean_s == pytest.approx(erlang_wait_s(per_s, 0.01, servers), rel=0.08)
    assert seen.busy["a"] == pytest.approx(per_s * 0.01 / servers, rel=0.05)


def test_two_stations_in_a_row_add_up_and_one_that_is_met_twice_has_one_queue() -> None:
    """Given exponential times, then the network's mean is the sum of its stations' as if each were alone (Jackson)."""
    row = simulate([Visit("a", 0.01), Visit("b", 0.01)], {"a": 1, "b": 1}, 60.0, jobs=60_000, seed=4)
    twice = simulate([Visit("a", 0.005), Visit("a", 0.005)], {"a": 1}, 60.0, jobs=60_000, seed=4)

    assert row.mean_s == pytest.approx(2 * erlang_wait_s(60.0, 0.01, 1), rel=0.08)
    assert twice.mean_s == pytest.approx(2 * erlang_wait_s(120.0, 0.005, 1), rel=0.08)


def test_the_same_seed_sees_the_same_and_more_load_waits_longer() -> None:
    path, servers = [Visit("a", 0.01)], {"a": 1}
    seen = simulate(path, servers, 50.0, jobs=5_000, seed=1)

    assert simulate(path, servers, 50.0, jobs=5_000, seed=1) == seen
    assert simulate(path, servers, 90.0, jobs=5_000, seed=1).p99_s > 2 * seen.p99_s


@pytest.mark.parametrize("per_s", [10.0, 700.0, 20_000.0])
def test_the_plan_is_the_least_in_which_no_part_is_too_busy(per_s: float) -> None:
    load = Load(per_s, per_s / 3)
    size = size_for(load)
    each = work_s(load)

    for name, cores in size.cores.items():
        assert per_s * each[name] / cores <= 0.7
        assert cores == 1 or per_s * each[name] / (cores - 1) > 0.7
    assert servers_of(size.cores, size.partitions) == size.cores, "as many partitions as work at once"
    assert limit_per_s(size.cores, size.partitions, load)[1] > per_s


def test_too_few_partitions_are_the_limit_whatever_the_cores() -> None:
    load = Load(20_000.0, 5_000.0)
    size = size_for(load)

    name, rate = limit_per_s(size.cores, 4, load)

    assert (name, round(rate)) == ("control-plane", round(4 / work_s(load)["control-plane"]))


def test_a_search_is_the_solvers_alone_and_every_visit_is_paid_once() -> None:
    load = Load(10.0, 10.0, search_s=2.0)

    assert size_for(load).cores["classical-solver"] == 29
    path = path_of(load)
    for name in parts():
        assert sum(each.mean_s for each in path if each.station == name) == pytest.approx(work_s(load)[name])
    assert len(path) == len(PATH)


def test_it_tells_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--jobs-per-s", "500", "--simulated", "2000"]) == 0
    assert "Full first: control-plane" in capsys.readouterr().out
    assert main(["--jobs-per-s", "500", "--simulated", "2000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["partitions"] == 4
    with pytest.raises(SystemExit):
        main(["--jobs-per-s", "0"])
