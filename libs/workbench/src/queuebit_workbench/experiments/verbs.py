"""`queuebit experiment`: flags and words. What is heavy is imported inside."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from queuebit_client.cli.exit_codes import ExitCode

UNDECIDED = 3
HELP = (
    "Decisions tried before they are made: problems of production frozen and masked, run under several arms, a candidate"
    " accepted or not with intervals, and switchback where arms share a queue."
)
_Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
_Seed = Annotated[int, typer.Option(help="What is drawn with: the same seed gives the same result.")]
_Confidence = Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")]
_TIMES = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("freeze")(freeze)
    group.command("scenario")(scenario)
    group.command("shadow")(shadow)
    group.command("accept")(accept)
    group.command("switchback-plan")(switchback_plan)
    group.command("switchback")(switchback)
    app.add_typer(group, name="experiment")


def freeze(
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where the set goes.")],
    since: Annotated[datetime, typer.Option(formats=_TIMES, help="Submitted at or after; without a zone it is UTC.")],
    until: Annotated[datetime, typer.Option(formats=_TIMES, help="Submitted before.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    tenant: Annotated[list[str] | None, typer.Option(help="Only this tenant; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many problems at most, the first that came.")] = 50,
) -> int:
    """Freeze problems of production into a file: each different one once, without tenant, labels and keys, its texts masked.

    A problem whose texts mean something (a circuit) cannot be masked and is left out. Needs PostgreSQL and no service.
    Exit 1: nothing was submitted in that time.
    """

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import note, print_line
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.scan.postgres import opened_scan
        from queuebit_operations.verbs.options import in_utc
        from queuebit_workbench.experiments.files import write_set
        from queuebit_workbench.experiments.freezing import Window, frozen

        begin, end = in_utc(since), in_utc(until)
        assert begin is not None
        assert end is not None
        window = Window(begin, end, tuple(kind or ()), tuple(tenant or ()))
        async with opened_scan(postgres_settings(os.environ)) as scan:
            found = await frozen(scan, window, limit=limit)
        if found is None:
            note("Nothing was submitted in that time that can be frozen.")
            return ExitCode.JOB_NOT_ACCEPTED
        write_set(out, found.found)
        left = f"; {found.unmaskable} cannot be masked and were left out" if found.unmaskable else ""
        print_line(f"{len(found.found.problems)} of {found.seen} different problems are in {out}{left}.")
        return ExitCode.OK

    return _run(work)


def scenario(
    problems: Annotated[str, typer.Argument(metavar="SET", help="A set of problems, as freeze writes it.")],
    arms: Annotated[str, typer.Argument(metavar="SCENARIO", help="Arms and seeds, as JSON.")],
    out: Annotated[str, typer.Option("--out", metavar="RUNS.jsonl", help="Where the runs go, a line each.")],
    beside: Annotated[int, typer.Option(min=1, max=64, help="So many jobs at once.")] = 2,
) -> int:
    """Run every problem under every arm with every seed, through all five services in this process: no server.

    An arm is a lane, a budget, parameters, and a policy file, as far as it says. Exit 7: some runs gave no accepted answer;
    they are in the file all the same.
    """

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import note, print_line
        from queuebit_workbench.experiments.files import RunFile, read_scenario, read_set
        from queuebit_workbench.experiments.running import run_scenario

        found, matrix = read_set(problems), read_scenario(arms)
        count = len(found.problems) * len(matrix.arms) * len(matrix.seeds)
        file = RunFile(out)
        done = 0

        def tell(run: dict[str, Any]) -> None:
            nonlocal done
            done += 1
            file.add(run)
            if done % 20 == 0 or done == count:
                note(f"{done} of {count} runs")

        failed = await run_scenario(found, matrix, tell, beside=beside)
        print_line(f"{count} runs are in {out}; {failed} gave no accepted answer.")
        return ExitCode.PARTLY_FAILED if failed else ExitCode.OK

    return _run(work)


def shadow(
    arms: Annotated[str, typer.Option(help="Rows of a policy's experiments with commas, as new,newer.")],
    out: Annotated[str, typer.Option("--out", metavar="RUNS.jsonl", help="Where the runs go, a line each.")],
    since: Annotated[datetime, typer.Option(formats=_TIMES, help="Submitted at or after; without a zone it is UTC.")],
    until: Annotated[datetime, typer.Option(formats=_TIMES, help="Submitted before.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    tenant: Annotated[list[str] | None, typer.Option(help="Only this tenant; repeatable.")] = None,
) -> int:
    """Write what several arms made of the same live jobs, each as a shadow, beside what was shown (the arm `shown`).

    A job counts where every arm took part, had money and is over. `accept` then compares two of the arms. Needs PostgreSQL
    and no service. Exit 1: there is no such job.
    """

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import note, print_line
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.errors import BadArgument
        from queuebit_operations.scan.postgres import opened_scan
        from queuebit_operations.verbs.options import in_utc
        from queuebit_workbench.experiments.files import RunFile
        from queuebit_workbench.experiments.freezing import Window
        from queuebit_workbench.experiments.shadowing import SHOWN, Shadowed, shadowed

        names = [name.strip() for name in arms.split(",")]
        if not all(names) or len(set(names)) < len(names) or SHOWN in names:
            raise BadArgument(
                f"{arms!r} names no arms.", remedy="Write rows of experiments once each, as --arms new,newer."
            )
        begin, end = in_utc(since), in_utc(until)
        assert begin is not None
        assert end is not None
        found, file = Shadowed(), RunFile(out)
        async with opened_scan(postgres_settings(os.environ)) as scan:
            async for run in shadowed(scan, Window(begin, end, tuple(kind or ()), tuple(tenant or ())), names, found):
                file.add(run)
        for why, count in sorted(found.left_out.items()):
            note(f"{count} jobs were left out: {why}.")
        print_line(f"{found.jobs} jobs are in {out}, each under {len(names)} arms and as it was shown.")
        return ExitCode.OK if found.jobs else ExitCode.JOB_NOT_ACCEPTED

    return _run(work)


def accept(
    runs: Annotated[str, typer.Argument(metavar="RUNS.jsonl", help="Runs, as scenario writes them.")],
    candidate: Annotated[str, typer.Option(help="The arm that is to be accepted.")],
    baseline: Annotated[str, typer.Option(help="The arm that it is compared with.")],
    metric: Annotated[
        list[str], typer.Option(help="FIELD OPERATOR [TOLERANCE] [STATISTIC], as 'objective le 1% p95'; repeatable.")
    ],
    confidence: _Confidence = 0.95,
    seed: _Seed = 1,
    as_json: _Json = False,
) -> int:
    """Is the candidate good enough? A gate for continuous integration: every metric with its interval, over whole problems.

    Operators: eq ne gt ge lt le, of the candidate against the baseline. Tolerance: a number, or a share of the baseline's
    as 1%. Statistics: mean (if none is named), min, max, std, shifted_geometric_mean, p01 to p99. Exit 0: all pass; 1: one
    fails; 3: not enough is known, so run more problems.
    """

    async def work() -> int:
        from queuebit_client.cli.output import print_json, print_line, show_table
        from queuebit_domain.experiments.acceptance import overall
        from queuebit_workbench.experiments.accepting import metric_of, tested
        from queuebit_workbench.experiments.files import read_runs

        asked = [metric_of(each) for each in metric]
        found = tested(read_runs(runs), candidate, baseline, asked, seed=seed, confidence=confidence)
        word = overall(found)
        if as_json:
            results = [
                {**each._asdict(), "metric": text, "difference": each.difference and each.difference._asdict()}
                for text, each in zip(metric, found, strict=True)
            ]
            print_json({"verdict": word, "candidate": candidate, "baseline": baseline, "metrics": results})
        else:
            rows = [
                [text, each.word, each.candidate, each.baseline, each.why]
                for text, each in zip(metric, found, strict=True)
            ]
            show_table("", ["metric", "verdict", candidate, baseline, "why"], rows)
            print_line(f"{candidate} beside {baseline}: {word}.")
        return {"pass": 0, "fail": 1, "undecided": UNDECIDED}[word]

    return _run(work)


def switchback_plan(
    arms: Annotated[str, typer.Option(help="Two names with a comma, as new,old.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where the plan goes.")],
    lane: Annotated[list[str] | None, typer.Option(help="A lane that takes part; repeatable.")] = None,
    blocks: Annotated[int, typer.Option(help="Blocks of each lane: an even number.")] = 20,
    block_s: Annotated[float, typer.Option(help="How long a block is.")] = 3600.0,
    burn_in_s: Annotated[
        float, typer.Option(help="How long a queue takes to drain: left out where the arm changed.")
    ] = 600.0,
    seed: _Seed = 1,
) -> int:
    """Plan which arm a lane takes when: for policies that share a queue, a batch or a cache, where halves are no comparison."""

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_line
        from queuebit_operations.errors import BadArgument
        from queuebit_workbench.experiments.files import write_text
        from queuebit_workbench.experiments.switching import planned

        first, _, second = arms.partition(",")
        if not first or not second or "," in second or first == second:
            raise BadArgument(f"{arms!r} is no pair of arms.", remedy="Write two names, as --arms new,old.")
        pair = (first, second)
        plan = planned(lane or ["quantum"], pair, blocks=blocks, block_s=block_s, burn_in_s=burn_in_s, seed=seed)
        write_text(out, plan.model_dump_json(indent=1) + "\n")
        print_line(f"{len(plan.blocks)} blocks of {block_s:g} s are in {out}.")
        return ExitCode.OK

    return _run(work)


def switchback(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="As switchback-plan writes it.")],
    outcomes: Annotated[
        str, typer.Argument(metavar="OUTCOMES.jsonl", help='{"at_s": 12.5, "lane": "quantum", "value": 3.1}')
    ],
    confidence: _Confidence = 0.95,
    as_json: _Json = False,
) -> int:
    """What the blocks say: the first arm less the second, a block being one observation, what still drained left out.

    Exit 0: the interval leaves zero on one side; 3: it does not.
    """

    async def work() -> int:
        from queuebit_client.cli.output import print_json, print_line
        from queuebit_workbench.experiments.switching import analysed, document_of

        document = document_of(*analysed(plan, outcomes, confidence))
        if as_json:
            print_json(document)
        else:
            first, second = document["arms"]
            print_line(
                f"{first} less {second}: {document['difference']:.6g},"
                f" between {document['low']:.6g} and {document['high']:.6g};"
                f" {document['blocks']} blocks, {document['jobs']} jobs, {document['left_out']} left out."
            )
        return 0 if document["decided"] else UNDECIDED

    return _run(work)


def _run(work: Callable[[], Any]) -> int:
    from queuebit_operations.running import run

    return int(run(work()))
