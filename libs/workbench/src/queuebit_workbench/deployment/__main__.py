"""`python -m queuebit_workbench.deployment build-helm|build-kubernetes|golden`: programs, and what the chart renders, kept."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from queuebit_workbench.deployment.chart import HELM, Chart
from queuebit_workbench.deployment.cluster import KUBE_APISERVER
from queuebit_workbench.deployment.custom_kinds import fetch
from queuebit_workbench.deployment.errors import RenderFailed
from queuebit_workbench.witnesses.errors import WitnessMissing

FOLDER = Path("infra/helm")


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 done, 1 a program is missing or refuses, 2 wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.deployment", description=__doc__)
    parser.add_argument("what", choices=("build-helm", "build-kubernetes", "golden"))
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"the folder of the chart; {FOLDER}")
    given = parser.parse_args(argv)
    try:
        if given.what == "build-helm":
            sys.stdout.write(f"{asyncio.run(HELM.build())}\n")
        elif given.what == "build-kubernetes":
            asyncio.run(fetch())
            sys.stdout.write(f"{asyncio.run(KUBE_APISERVER.build())}\n")
        else:
            sys.stdout.write("".join(f"{path}\n" for path in Chart(given.folder).keep(HELM.found())))
    except (WitnessMissing, RenderFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
