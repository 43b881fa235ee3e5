"""The flags that submit and its like share: use these types, and `submission` makes the request of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import typer

File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A problem: JSON, or a format of the field; - for standard input."),
]
Kind = Annotated[str | None, typer.Option(help="The problem kind; needed where the file could be of several.")]
Lane = Annotated[str | None, typer.Option(help="auto, quantum, simulator, classical or rule.")]
Tier = Annotated[str | None, typer.Option(help="interactive, batch or scheduled.")]
BudgetS = Annotated[float | None, typer.Option(help="Computing time of each leg, in seconds.")]
LatencyBudgetS = Annotated[float | None, typer.Option(help="Seconds after which a fallback is taken.")]
Deadline = Annotated[str | None, typer.Option(help="The latest time for an answer, RFC 3339 with a zone.")]
Seed = Annotated[int | None, typer.Option(help="Makes the run repeatable.")]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", metavar="K=V", help="A parameter of the job, which the reader of FILE knows too; repeatable."
    ),
]
Label = Annotated[list[str] | None, typer.Option("--label", metavar="K=V", help="A label of the job; repeatable.")]
FromJob = Annotated[
    str | None, typer.Option("--from", metavar="JOB", help="Ask this job again; FILE is a JSON merge patch of it.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell plan, time and cost; nothing is stored.")]
Pin = Annotated[
    list[str] | None,
    typer.Option(
        "--pin",
        metavar="PART",
        help="With --from: a part of its answer that stays, such as x=1 or 'job 3'; repeatable.",
    ),
]
ChangeCost = Annotated[
    float | None, typer.Option(min=0, help="With --from: what each part costs that its answer had not.")
]
WhyNot = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLACE=VALUE", help="What if this stood in the answer: recomputed by the rules of its kind; repeatable."
    ),
]
Supersede = Annotated[
    bool, typer.Option("--supersede", help="With --from: once there is an answer, it takes the place of that of JOB.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@dataclass(frozen=True, slots=True)
class Submission:
    """The flags of one submission, as they were given."""

    file: str
    kind: str | None = None
    lane: str | None = None
    tier: str | None = None
    budget_s: float | None = None
    latency_budget_s: float | None = None
    deadline: str | None = None
    seed: int | None = None
    params: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    from_job: str | None = None
    pins: list[str] = field(default_factory=list)
    change_cost: float | None = None
    supersede: bool = False
