"""A night: its parts run, end and are kept; what became worse than it may is told; the page needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from queuebit_workbench.chaos.plan import parse_faults
from queuebit_workbench.nightly import __main__ as nightly
from queuebit_workbench.nightly.night import Night, Result, nights_in, read_night, steps, text_of
from queuebit_workbench.nightly.page import line, page
from queuebit_workbench.nightly.parts import BY_NAME, PARTS, Figure, Part
from queuebit_workbench.nightly.run import Place, run_part, words_of
from queuebit_workbench.nightly.sizes import SIZES as KNOWN
from queuebit_workbench.nightly.sizes import Size

ROOT = Path(__file__).parents[3]
NIGHT = datetime(2026, 1, 2, 3, 12, tzinfo=UTC)
SIZE = Size(10, 1.0, 100, 1.0, ("poison",))


SIZES = {"seeds": 10, "minutes": 1.0, "jobs": 100}


def a_night(day: str, jobs_per_s: float, p99_ms: float = 10.0, sizes: Mapping[str, float] = SIZES) -> Night:
    figures = {"jobs_per_s": jobs_per_s, "idle_p99_ms": p99_ms}
    return Night(day, "0.1.0", (Result("bench", "passed", 60.0, figures),), sizes)


def a_part(code: str, **changes: Any) -> Part:
    part = Part("bench", "A part.", ("{python}", "-c", code, "{out}"), 30.0, (Figure("a.b"), Figure("gone")))
    return replace(part, **changes)


def run(part: Part, folder: Path) -> tuple[Result, list[str]]:
    said: list[str] = []
    return run_part(part, Place(folder, folder, None, SIZE), NIGHT, said.append), said


def test_a_part_that_ends_well_gives_its_figures(tmp_path: Path) -> None:
    code = "import json, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(dict(a=dict(b=7))))"

    result, said = run(a_part(code), tmp_path)

    assert (result.outcome, result.figures, result.detail) == ("passed", {"a.b": 7.0}, "")
    assert said[0] == "bench …"


def test_a_part_that_fails_says_its_last_lines_and_one_without_an_end_is_ended(tmp_path: Path) -> None:
    failed, _ = run(a_part("print('what went wrong'); raise SystemExit(3)"), tmp_path)
    late, _ = run(a_part("import time; time.sleep(600)", limit_s=0.3), tmp_path)

    assert (failed.outcome, failed.figures, "what went wrong" in failed.detail) == ("failed", {}, True)
    assert late.outcome == "timed_out"


def test_a_part_without_its_data_is_left_out_by_name(tmp_path: Path) -> None:
    result, said = run(a_part("", argv=("x", "{data}")), tmp_path)

    assert (result.outcome, "needs DATA" in result.detail, said) == ("left_out", True, [])
    assert Night("d", "v", (result,)).passed


def test_what_is_worse_than_it_may_be_is_told_in_either_direction() -> None:
    """Given throughput that may fall by 15 % and latency that may rise by half, then less is no news."""
    before = a_night("2026-01-01", 1000.0, 10.0)

    def worse(night: Night) -> list[str]:
        return [each.figure.path for each in steps(night, before) if each.worse]

    assert worse(a_night("2026-01-02", 900.0, 14.0)) == []
    assert worse(a_night("2026-01-02", 800.0, 9.0)) == ["jobs_per_s"]
    assert worse(a_night("2026-01-02", 2000.0, 16.0)) == ["idle_p99_ms"]
    assert [each.worse for each in steps(before, None)] == [False, False]


def test_a_night_is_kept_as_it_was(tmp_path: Path) -> None:
    night = a_night("2026-01-02", 1000.0)
    (tmp_path / "2026-01-02.json").write_text(text_of(night))
    (tmp_path / "2026-01-01.json").write_text(text_of(a_night("2026-01-01", 900.0)))

    assert [each.date for each in nights_in(tmp_path, SIZES, print)] == ["2026-01-01", "2026-01-02"]
    assert read_night(text_of(night)) == night
    with pytest.raises(ValueError, match="no night"):
        read_night("{}")


def test_a_night_is_compared_with_those_of_its_size_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Given a night of more jobs, one from before sizes were kept, and files that are none, then they are left out."""
    smaller, said = {**SIZES, "jobs": 50}, list[str]()
    kept = {
        "2026-01-01": text_of(a_night("2026-01-01", 900.0)),
        "2026-01-02": text_of(a_night("2026-01-02", 90.0, sizes=smaller)),
        "2026-01-03": text_of(a_night("2026-01-03", 90.0, sizes={})),
        "2026-01-04": "{",
        "2026-01-05": '{"format": 1}',
        "2026-01-06": text_of(a_night("2026-01-06", 910.0)),
    }
    for day, text in kept.items():
        (tmp_path / f"{day}.json").write_text(text)

    assert [each.date for each in nights_in(tmp_path, SIZES, said.append)] == ["2026-01-01", "2026-01-06"]
    assert [re.sub(r".*/(.*) is left out: .*", r"\1", each) for each in said] == ["2026-01-04.json", "2026-01-05.json"]


def test_the_page_says_what_failed_and_shows_how_figures_went_without_anything_from_outside() -> None:
    bad = Night("2026-01-03", "0.1.0", (Result("bench", "failed", 1.0, {"jobs_per_s": 10.0}, "<b>"),))
    text = page([a_night("2026-01-01", 1000.0), a_night("2026-01-02", 1100.0), bad])

    assert "Something is worse or failed" in text
    assert "&lt;b&gt;" in text
    assert "worse than it may be" in text
    assert text.count("<svg") == 1
    assert re.findall(r"(?:src|href)=|url\(", text) == []
    assert "All passed" in page([a_night("2026-01-01", 1000.0)])


def test_a_line_begins_at_0_and_leaves_out_what_is_not_known() -> None:
    assert line([1.0, None, 2.0]).count("<circle") == 2
    assert 'points=""' in line([])


def test_every_part_names_what_is_there() -> None:
    place = Place(ROOT, ROOT, ROOT, SIZE)
    for part in PARTS:
        words = words_of(part, place, NIGHT)
        argv = [word.format(**words) for word in part.argv]
        files = [each for each in argv if each.startswith(("infra/", "libs/", "services/"))]
        assert [each for each in files if not (ROOT / each).exists()] == [], part.name
        assert all(Path(value.format(**words)).exists() for value in part.env.values()), part.name
    assert words_of(PARTS[0], place, NIGHT)["first"] != words_of(PARTS[0], place, NIGHT + timedelta(days=1))["first"]


def test_a_part_that_nobody_knows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        nightly.main(["--only", "golden,tea", "--folder", str(tmp_path)])

    assert ended.value.code == 2
    assert "There is no part tea" in capsys.readouterr().err


def test_a_night_ends_with_1_where_something_failed_and_its_report_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "PARTS", (a_part("raise SystemExit(1)"),))

    assert nightly.main(["--only", "bench", "--folder", str(tmp_path)]) == 1
    assert [path.suffix for path in sorted(tmp_path.glob("*.*"))] == [".html", ".json"]


def test_a_night_that_is_cut_off_keeps_what_had_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given two parts of which the second is never begun, then the first one stands."""

    def cut_off(part: Part, *_: Any) -> Result:
        if part.name == "second":
            raise KeyboardInterrupt
        return Result("bench", "passed", 1.0, {})

    monkeypatch.setattr(nightly, "PARTS", (a_part(""), a_part("", name="second")))
    monkeypatch.setattr(nightly, "BY_NAME", {"bench": a_part(""), "second": a_part("")})
    monkeypatch.setattr(nightly, "run_part", cut_off)

    with pytest.raises(KeyboardInterrupt):
        nightly.main(["--folder", str(tmp_path)])

    (kept,) = tmp_path.glob("*.json")
    assert [each.part for each in read_night(kept.read_text()).results] == ["bench"]


def test_two_nights_of_one_date_are_two_and_the_second_is_compared_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a night that is half as fast as the one an hour before, then that is told, and both are kept."""
    write = "import json, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.dumps(dict(rate=float(sys.argv[2]))))"
    clock = type("Clock", (), {"now": lambda _: NIGHT + timedelta(hours=len(list(tmp_path.glob("*.json"))))})
    monkeypatch.setattr(nightly, "SystemClock", clock)
    monkeypatch.setitem(BY_NAME, "bench", a_part(write, figures=(Figure("rate", worse=0.1),)))
    codes = []
    for rate in ("10", "5"):
        part = a_part(write, argv=("{python}", "-c", write, "{out}", rate), figures=(Figure("rate", worse=0.1),))
        monkeypatch.setattr(nightly, "PARTS", (part,))
        codes.append(nightly.main(["--only", "bench", "--size", "small", "--folder", str(tmp_path)]))

    assert codes == [0, 1]
    assert "bench: rate is -50.0% beside 2026-01-02T0312" in capsys.readouterr().out
    assert [path.name for path in sorted(tmp_path.glob("*.json"))] == ["2026-01-02T0312.json", "2026-01-02T0412.json"]


def test_a_small_night_breaks_by_faults_that_there_are_and_a_whole_one_by_all() -> None:
    chaos = next(part for part in PARTS if part.name == "chaos")
    words = {name: words_of(chaos, Place(ROOT, ROOT, None, size), NIGHT)["faults"] for name, size in KNOWN.items()}

    assert words["whole"] == ""
    assert parse_faults(words["small"].removeprefix("--faults=")) == KNOWN["small"].faults


def test_a_size_says_how_much_of_each_part_and_one_number_may_be_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "PARTS", ())

    assert nightly.main(["--size", "small", "--seeds", "7", "--folder", str(tmp_path)]) == 0
    (kept,) = tmp_path.glob("*.json")
    assert read_night(kept.read_text()).sizes == {**KNOWN["small"].told(), "seeds": 7}
    with pytest.raises(SystemExit):
        nightly.main(["--jobs", "0", "--folder", str(tmp_path)])
