"""Settings, the bare pipeline's arithmetic, the questions, counts: everything that needs no server."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from queuebit_contracts.envelope import decode
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of, time_ordered_key
from queuebit_devstack.supervise import ServiceSpec
from queuebit_problems.admission import admit
from queuebit_workbench.bench.__main__ import parse
from queuebit_workbench.bench.bare_steps import accept, best_side, cut, finish, graph, solve, validate
from queuebit_workbench.bench.counts import Counts
from queuebit_workbench.bench.profile import profiled
from queuebit_workbench.bench.questions import TENANT, upstream
from queuebit_workbench.bench.settings import BenchSettings, round_jobs, surroundings
from queuebit_workbench.bench.statements import statements


class _Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 2, 12, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("nobody asks for this")


def test_arguments_become_settings() -> None:
    settings, out = parse(["--jobs", "500", "--seconds", "2", "--only", "bare", "--out", "figures.json"])
    assert settings == BenchSettings(jobs=500, seconds=2.0, only="bare")
    assert out == Path("figures.json")
    assert (settings.wants("bare"), settings.wants("queuebit")) == (True, False)


@pytest.mark.parametrize("wrong", [["--jobs", "0"], ["--seconds", "-1"], ["--only", "nothing"]])
def test_senseless_arguments_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(wrong)


def test_a_run_says_how_it_was_set_up() -> None:
    written = surroundings(BenchSettings(jobs=500))
    assert {"cores", "versions", "partitions", "linger_ms", "jobs", "in_flight_max", "seed"} <= set(written)
    orjson.dumps(written)


@pytest.mark.parametrize(("jobs_per_s", "expected"), [(1e6, 6000), (100.0, 900), (1.0, 200)])
def test_a_round_is_bounded_by_jobs_and_by_time(jobs_per_s: float, expected: int) -> None:
    assert round_jobs(BenchSettings(), jobs_per_s) == expected


def test_the_bare_solver_finds_the_best_cut() -> None:
    for seed in range(5):
        edges = graph(random.Random(seed))
        assert cut(best_side(edges), edges) == max(cut(list(side), edges) for side in product((0, 1), repeat=6))


def test_a_bare_job_brings_six_events_about() -> None:
    question = {"job": "j", "edges": graph(random.Random(1))}
    verdict = validate(solve(accept(question)[-1][1]))
    assert verdict["ok"]
    names = [name for name, _ in (*accept(question), *finish(verdict))]
    assert names == ["Submitted", "Planned", "Queued", "Solved", "Validated", "Completed"]


def test_the_bare_validator_believes_no_objective() -> None:
    answer = solve({"job": "j", "edges": graph(random.Random(1))})
    assert not validate(answer | {"objective": answer["objective"] + 1})["ok"]


def test_questions_keep_the_contract_and_name_the_job_that_they_become() -> None:
    ask = upstream(_Noon(), 7)
    first, second = ask(), ask()
    envelope = decode(first.headers, first.value)
    assert isinstance(envelope.data, JobSubmitted)
    key = time_ordered_key(envelope.data.idempotency_key or "")
    assert key is not None
    assert first.key.decode() == envelope.subject == str(job_id_of(TENANT, key))
    assert admit(envelope.data.request).admission.size.variables == 6
    assert first.key != second.key
    assert envelope.traceparent is None


def test_questions_begin_a_trace_where_it_is_asked_for() -> None:
    question = upstream(_Noon(), 7, trace_ratio=1.0)()
    traceparent = decode(question.headers, question.value).traceparent
    assert traceparent is not None
    assert traceparent.endswith("-01")


def test_counts_differ_by_what_came_since() -> None:
    earlier = Counts({"a": 10, "b": 5}, 100)
    later = Counts({"a": 22, "b": 5, "c": 3}, 150)
    assert later - earlier == Counts({"a": 12, "c": 3}, 50)
    assert (later - earlier).records_total == 15


def test_every_statement_of_the_bare_store_has_its_name() -> None:
    assert set(statements()) == {"tables", "drop", "append", "read", "save_cursor"}


def test_a_service_is_profiled_by_running_its_module_under_the_profiler() -> None:
    (spec,) = profiled([ServiceSpec("x", ("python", "-m", "queuebit_x"), 1)], Path("out"))
    assert spec == ServiceSpec("x", ("python", "-m", "cProfile", "-o", "out/x.prof", "-m", "queuebit_x"), 1)


def test_more_of_each_service_are_members_of_their_own(tmp_path: Path) -> None:
    from queuebit_workbench.bench.full import services

    (tmp_path / "pepper").write_text("p" * 43)
    specs = services(SimpleNamespace(data_dir=tmp_path), planes=3, workers=2)  # type: ignore[arg-type]

    names = [spec.name for spec in specs]
    assert names == [
        *("gateway", "control_plane", "quantum_adapter", "classical_solver", "result_validation"),
        *("control_plane-2", "control_plane-3", "classical_solver-2", "result_validation-2"),
    ]
    assert len({spec.health_port for spec in specs}) == len(specs)
    assert [spec.env["QUEUEBIT_GROUP_INSTANCE"] for spec in specs[5:]] == names[5:]
    assert {spec.principal for spec in specs} == {spec.principal for spec in specs[:5]}


@pytest.mark.parametrize("wrong", [["--planes", "0"], ["--workers", "0"], ["--partitions", "3"]])
def test_fewer_than_one_and_fewer_partitions_than_there_are_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(wrong)
