"""`queuebit report` on saved documents: what it prints, draws and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from queuebit_client.cli import main
from queuebit_client.honesty.charts import Bar, Chart, svg_of
from tests.unit.client.documents import a_document, an_attempt, sampled

BOTH = a_document(sampled(), an_attempt("baseline-classical"))
OTHER = a_document(an_attempt("primary-classical"), chosen="primary-classical", kind="tsp", id="b")
ID = "01a1fe1d-b17a-87eb-9f19-938a44a272f2"
VIEW = {
    "id": ID, "tenant": "acme", "state": "completed", "kind": "maxcut", "tier": "interactive", "lane": "simulator",
    "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:06Z", "version": 9,
}  # fmt: skip
"""What `show --json` prints, without most of it."""
SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str, tag: str) -> list[ElementTree.Element]:
    """The elements of this name in an SVG."""
    return list(ElementTree.fromstring(text).iter(f"{SVG}{tag}"))  # noqa: S314


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main.run(["report", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps([BOTH, OTHER]))
    return path


def test_json_is_one_document_with_jobs_and_summary(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--file", str(saved), "--json")

    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [job["job_id"] for job in found["jobs"]] == ["a", "b"]
    assert [(line["kind"], line["lane"]) for line in found["summary"]] == [
        ("maxcut", "simulator"), ("maxcut", "classical"), ("tsp", "classical"),
    ]  # fmt: skip


def test_in_a_pipe_it_is_a_line_an_attempt(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--file", str(saved))

    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert [(row[0], row[2], row[-1]) for row in rows] == [
        ("a", "primary-simulator", "circuit"), ("a", "baseline-classical", "null"), ("b", "primary-classical", "classical"),
    ]  # fmt: skip
    assert rows[0][6:10] == ["0.6", "0.2", "0.5 [0.451, 0.549]", "0.1 [0.0743, 0.133]"]


@pytest.mark.parametrize(
    ("flags", "jobs"),
    [(("--kind", "tsp"), ["b"]), (("--lane", "simulator"), ["a"]), (("--lane", "rule"), []), ((), ["a", "b"])],
)
def test_it_is_narrowed_to_kinds_and_lanes(
    saved: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], jobs: list[str]
) -> None:
    found = json.loads(run(capsys, "--file", str(saved), "--json", *flags)[1])
    assert [job["job_id"] for job in found["jobs"]] == jobs


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(BOTH),
        json.dumps(BOTH, indent=2),
        json.dumps([BOTH]),
        f"\n{json.dumps(BOTH)}\n\n",
        json.dumps(VIEW),
        json.dumps({("job_id" if name == "id" else name): value for name, value in BOTH.items()}),
    ],
)
def test_what_form_a_file_may_have(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """One document in lines or not, a list, a line each, the view that `show --json` prints, or a document of before."""
    path = tmp_path / "job.json"
    path.write_text(text)
    code, out, err = run(capsys, "--file", str(path), "--json")
    assert (code, err) == (0, "")
    assert [job["job_id"] for job in json.loads(out)["jobs"]] == [ID if "tenant" in text else "a"]


def test_several_files_and_lines_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("one", json.dumps(OTHER)), ("two", f"{json.dumps(BOTH)}\n{json.dumps(OTHER)}\n")):
        (tmp_path / name).write_text(text)
    code, out, _ = run(capsys, "--file", str(tmp_path / "one"), "--file", str(tmp_path / "two"), "--json")
    assert (code, [job["job_id"] for job in json.loads(out)["jobs"]]) == (0, ["b", "a", "b"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("[]", "is empty"),
        ("{", "line 1: not valid JSON"),
        (f"{json.dumps(BOTH)}\n{{broken", "line 2: not valid JSON"),
        ("[1]", "entry 1 is no document of a job"),
        ('{"jobs": [], "summary": []}', "entry 1 is no document of a job"),
    ],
)
def test_what_cannot_be_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    path = tmp_path / "job.json"
    path.write_text(text)
    code, out, err = run(capsys, "--file", str(path))
    assert (code, out) == (2, "")
    assert said in err
    assert "Remedy: Save what" in err


@pytest.mark.parametrize(
    ("flags", "said"), [(("--lane", "warp"), "no lane warp"), (("--plot", "x.png"), "neither an SVG file nor a folder")]
)
def test_wrong_flags_are_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], said: str
) -> None:
    code, _, err = run(capsys, "--file", "missing.json", *flags)
    assert code == 2
    assert said in err


def test_it_draws_one_file_or_a_folder_of_charts(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = saved.with_name("plot.svg"), saved.with_name("charts")
    assert run(capsys, "--file", str(saved), "--json", "--plot", str(file))[0] == 0
    first = file.read_text()
    assert run(capsys, "--file", str(saved), "--json", "--plot", str(file))[0] == 0
    assert run(capsys, "--file", str(saved), "--json", "--plot", str(folder))[0] == 0

    assert file.read_text() == first
    names = {path.stem for path in folder.iterdir()}
    assert names == {"q", "q_normalised", "feasible_fraction", "p_opt", "gap", "won", "placebo_matched", "time"}
    texts = {text.text for text in drawn(first, "text")}
    assert {"maxcut, simulator", "tsp, classical", "0.6 (1 of 1)"} <= texts
    quality = {text.text for text in drawn((folder / "q.svg").read_text(), "text")}
    assert "maxcut, classical" not in quality


def rectangles(*bars: Bar, **changes: Any) -> list[tuple[float, float]]:
    """Where the bars of a chart begin and end, from 0 to 1 of the axis."""
    chart = Chart("n", "t", "a", bars, **changes)
    found = [
        (float(r.get("x", "nan")), float(r.get("width", "nan")))
        for r in drawn(svg_of([chart]), "rect")
        if r.get("fill")
    ]
    return [(round((x - 240) / 330, 3), round((x + width - 240) / 330, 3)) for x, width in found]


def test_bars_are_as_long_as_their_values() -> None:
    bars = (Bar("a", "quantum", 0.25), Bar("b", "simulator", 1.0), Bar("c", "rule", None), Bar("d", "else", 3.0))
    assert rectangles(*bars, top=1.0) == [(0.0, 0.25), (0.0, 1.0), (0.0, 1.0)]
    assert rectangles(*bars) == [(0.0, 0.05), (0.0, 0.2), (0.0, 0.6)]
    assert rectangles(Bar("a", "quantum", -1.0), Bar("b", "quantum", 1.0), top=1.0) == [(0.0, 0.5), (0.5, 1.0)]


def test_labels_are_escaped_and_nothing_to_show_is_said() -> None:
    rows = (Bar("<i>", "rule", None, note="why & how"),)
    picture = svg_of([Chart("n", "a < b & c", "x", rows), Chart("m", "t", "x", ())])
    texts = {text.text for text in drawn(picture, "text")}
    assert {"a < b & c", "<i>", "why & how", "nothing to show"} <= texts
