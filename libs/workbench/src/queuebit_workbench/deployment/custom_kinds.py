"""Kinds that others bring to a cluster and the chart may use: their definitions, as the modules of their makers have them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from queuebit_devstack.errors import ToolFailed
from queuebit_devstack.jars import cache_dir
from queuebit_devstack.private import private_folder
from queuebit_devstack.processes import run_tool
from queuebit_workbench.witnesses.errors import WitnessMissing

MONITORING = "example/prometheus-operator-crd/monitoring.coreos.com"
DEFINED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("github.com/kedacore/keda/v2", "v2.21.0", ("config/crd/bases/keda.sh_scaledobjects.yaml",)),
    (
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        (f"{MONITORING}_podmonitors.yaml", f"{MONITORING}_prometheusrules.yaml"),
    ),
)
"""By Go module and version: the files in it."""
TIMEOUT_S = 300.0


def custom_kinds() -> list[Path]:
    """The definitions, where they were fetched before. Raises WitnessMissing, which says how to have them."""
    found = [_kept(version, file) for _, version, files in DEFINED for file in files]
    if missing := [path.name for path in found if not path.exists()]:
        raise WitnessMissing(f"{missing[0]} is not here; with Go, `make kubernetes` fetches it.")
    return found


async def fetch() -> None:
    """Keep them, from the modules. Raises WitnessMissing where there is no Go, or a module cannot be had."""
    go = shutil.which("go")
    if go is None:
        raise WitnessMissing("Custom kinds: there is no Go toolchain on PATH.")
    for module, version, files in DEFINED:
        if all(_kept(version, file).exists() for file in files):
            continue
        try:
            said = await run_tool(
                [go, "mod", "download", "-json", f"{module}@{version}"], env=os.environ, timeout_s=TIMEOUT_S
            )
        except ToolFailed as error:
            raise WitnessMissing(f"{module} cannot be had: {error.message}") from error
        folder = Path(json.loads(said)["Dir"])
        for file in files:
            private_folder(_kept(version, file).parent)
            shutil.copyfile(folder / file, _kept(version, file))


def _kept(version: str, file: str) -> Path:
    return cache_dir() / f"custom-kinds-{version}" / Path(file).name
