"""Published solutions that divide things are recomputed as their layouts mean them; where two readings differ, it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_client.cli import main
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.divisions import read_agents, read_assigned, read_bins, read_shares, read_sides
from queuebit_problems.kind import Solution

QEDC = "4\n0 1\n0 3\n0 2\n1 2\n"
NUMBERS = "4\n5\n6\n7\n8\n"
BINS = "5\n10\n6\n5\n4\n3\n2\n"
COSTS = "3\n1 5 9\n5 1 9\n9 9 1\n"
GAP = "2 3\n5 6 7\n4 9 1\n1 1 1\n1 1 1\n2 2\n"
PORT = "2\n0.01 0.1\n0.02 0.2\n1 1 1\n1 2 0\n2 2 1\n"


@pytest.mark.parametrize(
    ("kind", "problem", "solution", "said"),
    [
        ("maxcut", QEDC, "3\n1 0 1 0 \n", "claimed objective: 3 (as recomputed)"),
        ("maxcut", QEDC, "1010", "objective: 3"),
        ("maxcut", QEDC, "1 -1 1 -1\n", "objective: 3"),
        ("maxcut", QEDC, "1 1\n2 2\n3 1\n4 2\n", "objective: 3"),
        ("number_partitioning", NUMBERS, "2\n1\n1\n1\n0\n0\n", "claimed objective: 2 (not what it is)"),
        ("bin_packing", BINS, "Bin 1: 1 3\nBin 2: 2 4 5\n", "objective: 2"),
        ("bin_packing", BINS, "1 3\n2 4 5\n", "objective: 2"),
        ("bin_packing", BINS, "7 9 7 9 9\n", "objective: 2"),
        ("assignment", COSTS, "1 2 3\n", "objective: 3"),
        ("assignment", COSTS, "3 3\n1 2 3\n", "claimed objective: 3 (as recomputed)"),
        ("generalised_assignment", GAP, "21\n1 2 1\n", "claimed objective: 21 (as recomputed)"),
        ("portfolio", PORT, "0.8\n0.2\n", "objective: 0.008"),
    ],
)
def test_a_division_is_recomputed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, problem: str, solution: str, said: str
) -> None:
    (tmp_path / "problem.txt").write_text(problem)
    (tmp_path / "answer.sol").write_text(solution)

    main.run(["check", str(tmp_path / "problem.txt"), str(tmp_path / "answer.sol"), "--kind", kind])

    out, err = capsys.readouterr()
    assert err == ""
    assert said in out


@pytest.mark.parametrize(
    ("found", "solution"),
    [
        (read_sides("0 0 1", 3, ""), Solution({"side": [0, 0, 1]})),
        (read_sides("0\n1\n", 2, ""), Solution({"side": [0, 1]})),
        (read_sides("3\n0\n1\n", 2, ""), Solution({"side": [0, 1]}, 3)),
        (read_sides("7.5\n001\n", 3, ""), Solution({"side": [0, 0, 1]}, 7.5)),
        (read_sides("2 1\n0 0\n1 1\n", 3, ""), Solution({"side": [0, 1, 1]})),
        (read_sides("1\n1\n1\n", 3, ""), Solution({"side": [0, 0, 0]})),
        (read_bins("1\n1\n2\n", 3, ""), Solution({"bin": [0, 0, 1]})),
        (read_bins("bin 4: 2 0\nbin 9: 1\n", 3, ""), Solution({"bin": [0, 1, 0]})),
        (read_bins("3\n1\n2\n", 3, ""), Solution({"bin": [0, 1, 2]})),
        (read_assigned("2 0 1", 3, ""), Solution({"assigned_to": [2, 0, 1]})),
        (read_assigned("1 3\n3 2\n2 1\n", 3, ""), Solution({"assigned_to": [2, 0, 1]})),
        (read_agents("1 2 2", 3, 2, ""), Solution({"assigned_to": [0, 1, 1]})),
        (read_agents("0 1 1", 3, 2, ""), Solution({"assigned_to": [0, 1, 1]})),
        (read_shares("2 0.25\n4 0.75\n", 5, ""), Solution({"weights": [0, 0.25, 0, 0.75, 0]})),
        (read_shares("1 0.25\n2 0.75\n", 2, ""), Solution({"weights": [0.25, 0.75]})),
        (read_shares("0.25 0.75\n", 2, ""), Solution({"weights": [0.25, 0.75]})),
        (read_shares("0.25\n0.75\n", 2, ""), Solution({"weights": [0.25, 0.75]})),
    ],
)
def test_each_layout_has_one_meaning(found: Solution, solution: Solution) -> None:
    assert found == solution


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (
            lambda: read_sides("0 1 2", 3, "a.sol"),
            "a.sol: the sides should be named in one of these ways, not 0, 1, 2.",
        ),
        (lambda: read_sides("0 1", 3, "a.sol"), "a.sol: 3 sides should stand there, not 2."),
        (lambda: read_sides("1 0\n1 1\n3 0\n", 3, "a.sol"), "do not name each of the 3 once"),
        (lambda: read_bins("2 1 3", 3, "a.sol"), "a bin of its own, or that all are in one"),
        (lambda: read_bins("Bin 1: 1 1\nBin 2: 3\n", 3, "a.sol"), "each of the 3 items should stand once"),
        (lambda: read_assigned("1 1 3", 3, "a.sol"), "each of the 3 columns should stand once"),
        (lambda: read_agents("1 1 2", 3, 3, "a.sol"), "the agents could count from 0 or from 1"),
        (lambda: read_agents("0 3 1", 3, 3, "a.sol"), "agents 0 and 3 are named, of 3"),
        (lambda: read_agents("1 2 4", 3, 3, "a.sol"), "3 agents from 1 to 3 should stand there"),
        (lambda: read_shares("2 0.25\n4 0.75\n", 4, "a.sol"), "could list 4 shares, or the shares of 2 assets"),
        (lambda: read_shares("9 0.5\n1 0.5\n", 3, "a.sol"), "each asset should be one from 1 to 3"),
        (lambda: read_shares("1 0.5\n1 0.5\n", 3, "a.sol"), "and stand once"),
        (lambda: read_shares("0.2 x 0.3", 3, "a.sol"), "the share 'x' is no number"),
    ],
)
def test_what_can_mean_two_things_is_asked(read: object, said: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read()  # type: ignore[operator]

    assert said in refused.value.detail
    assert refused.value.remedy
