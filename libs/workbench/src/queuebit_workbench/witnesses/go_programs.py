"""Programs that come as Go modules: built once, kept in the cache under their version."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from queuebit_devstack.errors import ToolFailed
from queuebit_devstack.jars import cache_dir
from queuebit_devstack.private import private_folder
from queuebit_devstack.processes import run_tool
from queuebit_workbench.witnesses.errors import WitnessMissing

BUILD_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class GoProgram:
    """`module` is the path of its main package; `target` is the make target that builds it."""

    name: str
    module: str
    version: str
    target: str

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return cache_dir() / f"{self.name}-{self.version}"

    def found(self) -> Path:
        """The program, where it is here: the kept one, else one on PATH. Raises WitnessMissing, which says how to have it."""
        kept, on_path = self.folder / self.name, shutil.which(self.name)
        if kept.exists():
            return kept
        if on_path is None:
            raise WitnessMissing(f"{self.name} is not here; with Go, `make {self.target}` builds it in some minutes.")
        return Path(on_path)

    async def build(self) -> Path:
        """The program, from its module. Raises WitnessMissing where there is no Go, or the module cannot be had."""
        go = shutil.which("go")
        if go is None:
            raise WitnessMissing(f"{self.name}: there is no Go toolchain on PATH.")
        private_folder(self.folder)
        env = {**os.environ, "GOBIN": str(self.folder), "CGO_ENABLED": "0"}
        try:
            await run_tool([go, "install", f"{self.module}@{self.version}"], env=env, timeout_s=BUILD_TIMEOUT_S)
        except ToolFailed as error:
            raise WitnessMissing(f"{self.name}: its Go module cannot be built: {error.message}") from error
        return self.folder / self.name
