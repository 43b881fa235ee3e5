"""Programs that are built with Go, once: others' modules, kept in the cache under their version, and small ones of our own."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from importlib import resources
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


@dataclass(frozen=True, slots=True)
class GoSources:
    """A program of ours: `main.go`, `go.mod` and `go.sum` lie in the folder `name` of `package`. Kept under what they say."""

    name: str
    package: str
    flags: tuple[str, ...] = ()
    build_timeout_s: float = BUILD_TIMEOUT_S

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        digest = hashlib.sha256(b"".join(self._texts().values())).hexdigest()[:12]
        return cache_dir() / f"{self.name}-{digest}"

    @property
    def kept(self) -> Path | None:
        """The program, where it was built before."""
        program = self.folder / self.name
        return program if program.exists() else None

    async def build(self) -> Path:
        """The program. Raises WitnessMissing where there is no Go, or its modules cannot be had."""
        if (kept := self.kept) is not None:
            return kept
        go = shutil.which("go")
        if go is None:
            raise WitnessMissing(f"{self.name}: there is no Go toolchain on PATH.")
        folder = self.folder
        private_folder(folder)
        for name, text in self._texts().items():
            (folder / name).write_bytes(text)
        env = {**os.environ, "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
        argv = [go, "build", "-C", str(folder), *self.flags, "-o", str(folder / self.name), "."]
        try:
            await run_tool(argv, env=env, timeout_s=self.build_timeout_s)
        except ToolFailed as error:
            raise WitnessMissing(f"{self.name}: its Go modules cannot be built: {error.message}") from error
        return folder / self.name

    def _texts(self) -> dict[str, bytes]:
        here = resources.files(self.package) / self.name
        return {name: (here / name).read_bytes() for name in ("main.go", "go.mod", "go.sum")}
