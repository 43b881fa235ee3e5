"""A decision service: an answer at once, a better one as long as nobody has committed, and never a worse one.

Asked which pairs to part (a maximum cut), it has a checked answer within a second or so, because the policy `upgrade` lets the
first search answer and sends a longer one after it. Until the moment of commitment a better answer (`JobImproved`) takes its
place. What was decided, when and on which grounds is one line of `decisions.jsonl`.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from reach import arguments, opened

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.models import Job

POLICY = Path(__file__).parents[1] / "policies" / "upgrade.yaml"
POLL_S = 0.1


@dataclass(frozen=True)
class Decision:
    """What was decided. Seconds count from the question; `objective` is what the validator computed."""

    job: str
    state: str
    first: float | None
    first_after_s: float
    objective: float | None
    improvements: int
    committed_after_s: float
    policy: str | None
    answer: dict[str, Any] | None


async def decided(client: AsyncQueuebit, problem: dict[str, Any], *, key: str, commit_after_s: float) -> Decision:
    """Ask, take the first checked answer, and whatever is better until it is committed."""
    asked_at = time.monotonic()
    job = await client.submit(problem, key=key)
    job = await client.wait(job.id)
    first, first_after_s = job.objective, time.monotonic() - asked_at
    while job.state == "completed" and time.monotonic() < asked_at + commit_after_s:
        await asyncio.sleep(POLL_S)
        job = await client.get(job.id)
    return Decision(
        job=str(job.id),
        state=job.state,
        first=first,
        first_after_s=round(first_after_s, 3),
        objective=job.objective,
        improvements=job.improvements,
        committed_after_s=round(time.monotonic() - asked_at, 3),
        policy=policy_of(job),
        answer=job.answer,
    )


def policy_of(job: Job) -> str | None:
    """Which version of which policy planned it: what an auditor asks first."""
    return None if job.plan is None else job.plan.policy_version


def quarrels(people: int, seed: int) -> dict[str, Any]:
    """Who quarrels with whom, and how much: a question that a short search does not settle."""
    chance = Random(seed)
    edges = [
        [u, v, chance.randint(-9, 9) or 1] for u in range(people) for v in range(u + 1, people) if chance.random() < 0.3
    ]
    return {"kind": "maxcut", "statement": {"nodes": people, "edges": edges}}


async def main() -> None:
    parser = arguments(str(__doc__).partition("\n")[0])
    parser.add_argument("--people", type=int, default=250, help="how large the question is")
    parser.add_argument("--seed", type=int, default=1, help="which question it is")
    parser.add_argument("--commit-after-s", type=float, default=5.0, help="when the decision is final")
    parser.add_argument("--out", type=Path, default=Path("decisions.jsonl"), help="where decisions are kept")
    options = parser.parse_args()
    problem = quarrels(options.people, options.seed)
    async with opened(here=options.here, policy=POLICY) as client:
        if options.here:
            await client.wait((await client.submit(quarrels(8, 0))).id)  # the first search of a process starts it
        key = f"quarrels-{options.people}-{options.seed}"
        decision = await decided(client, problem, key=key, commit_after_s=options.commit_after_s)
    with options.out.open("a") as file:
        file.write(json.dumps(asdict(decision)) + "\n")
    print(f"first {decision.first} after {decision.first_after_s} s")
    print(f"committed {decision.objective} after {decision.committed_after_s} s, {decision.improvements} improvements")


if __name__ == "__main__":
    asyncio.run(main())
