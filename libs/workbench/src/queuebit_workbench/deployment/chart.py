"""The chart, as helm renders it for a file of values."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from queuebit_workbench.deployment.errors import RenderFailed
from queuebit_workbench.witnesses.go_programs import GoProgram

HELM = GoProgram("helm", "helm.sh/helm/v3/cmd/helm", "v3.22.0", "helm")
RELEASE, NAMESPACE = "acme", "jobs"
SOURCES = "SOURCES.sha256"
KUBERNETES = "1.34.0"
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Chart:
    """Its folder, the values that it is tried with, and what it renders for them, kept."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "queuebit"

    @property
    def cases(self) -> tuple[Path, ...]:
        """Files of values, sorted."""
        return tuple(sorted((self.root / "cases").glob("*.yaml")))

    @property
    def golden(self) -> Path:
        return self.root / "golden"

    def kept(self, case: Path) -> Path:
        """Where it lies what the chart renders for the case."""
        return self.golden / case.name

    def digest(self) -> str:
        """Of everything that decides what is rendered, file by file."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return "".join(f"{_sha256(path)}  {path.relative_to(self.root)}\n" for path in sorted((*files, *self.cases)))

    def render(self, helm: Path, values: Iterable[Path], *, release: str = RELEASE, more: Iterable[str] = ()) -> str:
        """What would be installed, with `more` flags. Raises RenderFailed with what helm says."""
        words = [
            str(helm),
            "template",
            release,
            str(self.folder),
            "--namespace",
            NAMESPACE,
            "--kube-version",
            KUBERNETES,
        ]
        words += [part for path in values for part in ("--values", str(path))]
        done = subprocess.run([*words, *more], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise RenderFailed(done.stderr.strip() or f"helm ended with {done.returncode}")
        return done.stdout

    def lint(self, helm: Path, case: Path) -> str:
        """What helm finds in the chart with these values, empty where that is nothing."""
        words = [str(helm), "lint", "--strict", "--quiet", str(self.folder), "--values", str(case)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def keep(self, helm: Path) -> list[Path]:
        """Write what the chart renders for each case, and of what; the files."""
        self.golden.mkdir(exist_ok=True)
        for old in self.golden.glob("*.yaml"):
            old.unlink()
        written = []
        for case in self.cases:
            self.kept(case).write_text(self.render(helm, [case]))
            written.append(self.kept(case))
        (self.golden / SOURCES).write_text(self.digest())
        return written


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
