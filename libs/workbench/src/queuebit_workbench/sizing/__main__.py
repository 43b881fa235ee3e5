"""`python -m queuebit_workbench.sizing --jobs-per-s 500`: the least installation for a load, and what its queues make of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from queuebit_workbench.sizing.plan import BUSY_MAX, Load, limit_per_s, path_of, servers_of, size_for
from queuebit_workbench.sizing.queues import simulate

JOBS = 20_000
AVERAGE = 0.3


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 told, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.sizing", description=__doc__)
    parser.add_argument("--jobs-per-s", type=float, required=True, help="jobs a second at the peak")
    parser.add_argument("--average", type=float, default=AVERAGE, help=f"the average as a share of the peak; {AVERAGE}")
    parser.add_argument("--search-s", type=float, default=0.0, help="what a solver searches for a job, in seconds")
    parser.add_argument("--busy", type=float, default=BUSY_MAX, help=f"how busy a part may be at the peak; {BUSY_MAX}")
    parser.add_argument("--simulated", type=int, default=JOBS, help=f"how many jobs the queues are tried with; {JOBS}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if given.jobs_per_s <= 0 or not 0 < given.busy < 1 or not 0 < given.average <= 1 or given.simulated < 100:
        parser.error(
            "--jobs-per-s is more than 0, --busy and --average lie between 0 and 1, --simulated is 100 or more."
        )
    load = Load(given.jobs_per_s, given.jobs_per_s * given.average, given.search_s)
    size = size_for(load, busy_max=given.busy)
    full, rate = limit_per_s(size.cores, size.partitions, load)
    seen = simulate(
        path_of(load), servers_of(size.cores, size.partitions), load.peak_per_s, jobs=given.simulated, seed=given.seed
    )
    if given.json:
        told = {**asdict(size), "all_cores": size.all_cores, "full_first": full, "full_at_per_s": rate}
        sys.stdout.write(json.dumps({**told, "simulated": asdict(seen)}) + "\n")
        return 0
    lines = [f"{'part':<20} {'cores':>6} {'busy':>6} {'longest queue':>14}"]
    lines += [
        f"{name:<20} {cores:>6} {seen.busy[name]:>6.0%} {seen.longest[name]:>14}" for name, cores in size.cores.items()
    ]
    lines += [
        f"{'all':<20} {size.all_cores:>6}",
        f"Partitions of a topic: {size.partitions}. Full first: {full}, at {rate:,.0f} jobs/s.",
        f"Kept: {size.events_kept_gb:,.0f} GB of events for 400 days, {size.topics_kept_gb:,.0f} GB of topics for a week.",
        f"At the peak: {size.stored_mb_per_s:,.1f} MB/s to PostgreSQL, {size.published_mb_per_s:,.1f} MB/s to the brokers.",
        f"Of a job's time, work and waiting: half {seen.p50_s * 1000:.1f} ms, 99 % {seen.p99_s * 1000:.1f} ms. Polls, "
        "flushes and the network come on top; `make bench` tells them.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
