"""The devices whose noise the simulator can take on: snapshots that qiskit-ibm-runtime carries, read from its files.

Nothing of that package is imported here, for that takes seconds; nothing comes from a network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from queuebit_quantum_adapter.backends.spec import EXACT
from queuebit_quantum_adapter.errors import UnknownTarget

CLOSE_MAX = 5
_CLASS = re.compile(r"^class (\w+)\(FakeBackendV2\):(.*?)(?=^class |\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r'^    (\w+) = "([^"]+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A device as it was when it was calibrated.

    `maker`: the class in `qiskit_ibm_runtime.fake_provider`. `calibrated_at`: RFC 3339, None where the snapshot does not say.
    `health`: the share of its qubits and couplings that the snapshot says work.
    """

    name: str
    maker: str
    qubits: int
    calibrated_at: str | None
    health: float

    @property
    def told(self) -> str:
        """What it is, in words."""
        when = "" if self.calibrated_at is None else f" of {self.calibrated_at[:10]}"
        return f"simulated noise model, snapshot{when}"


@dataclass(frozen=True, slots=True)
class Files:
    """Where a snapshot lies."""

    maker: str
    configuration: Path
    properties: Path


def snapshot_of(name: str) -> Snapshot:
    """The snapshot of a name, as fake_sherbrooke. Raises UnknownTarget with the names that are nearest."""
    known = _known()
    if not known:
        raise UnknownTarget(
            f"The target {name[:60]!r} needs the snapshots of qiskit-ibm-runtime, which is not installed.",
            remedy=f"Install queuebit-quantum-adapter[noise], or use {EXACT}.",
        )
    files = known.get(name)
    if files is None:
        near = get_close_matches(name.lower(), known, CLOSE_MAX, 0.5) or sorted(known)[:CLOSE_MAX]
        raise UnknownTarget(
            f"There is no target {name[:60]!r}.",
            remedy=f"Use {EXACT}, or a device as {', '.join(near)} ({len(known)} are known).",
        )
    return _read(name, files)


def names() -> tuple[str, ...]:
    """All names that are known; none where qiskit-ibm-runtime is not installed."""
    return tuple(sorted(_known()))


@lru_cache(maxsize=1)
def _known() -> Mapping[str, Files]:
    spec = find_spec("qiskit_ibm_runtime")
    roots = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
    return dict(entry for root in roots for entry in _listed(root / "fake_provider" / "backends"))


def _listed(folder: Path) -> Iterator[tuple[str, Files]]:
    for path in sorted(folder.glob("*/fake_*.py")):
        for maker, body in _CLASS.findall(path.read_text(encoding="utf-8")):
            field = dict(_FIELD.findall(body))
            if {"backend_name", "conf_filename", "props_filename"} <= field.keys():
                files = (path.parent / field["conf_filename"], path.parent / field["props_filename"])
                yield field["backend_name"], Files(maker, *files)


@lru_cache(maxsize=8)
def _read(name: str, files: Files) -> Snapshot:
    try:
        configuration = json.loads(files.configuration.read_bytes())
        properties = json.loads(files.properties.read_bytes())
        qubits = int(configuration["n_qubits"])
        health = _health(properties)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnknownTarget(
            f"The snapshot of {name} cannot be read: {str(error)[:200]}.", remedy="Use another target."
        ) from error
    return Snapshot(name, files.maker, qubits, _moment(properties.get("last_update_date")), health)


def _moment(value: Any) -> str | None:
    """The time as RFC 3339, where it is one with a zone."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.isoformat() if moment.tzinfo is not None else None


def _health(properties: Mapping[str, Any]) -> float:
    """Of all qubits and coupled pairs the share that works: an error below 1, of a pair in any of its gates."""
    pairs: dict[frozenset[int], bool] = {}
    for gate in properties["gates"]:
        pair = frozenset(gate["qubits"])
        if len(pair) > 1:
            pairs[pair] = pairs.get(pair, False) or _works(gate["parameters"])
    parts = [*map(_works, properties["qubits"]), *pairs.values()]
    return sum(parts) / len(parts)


def _works(parameters: list[dict[str, Any]]) -> bool:
    value = {each["name"]: each["value"] for each in parameters}
    errors = (value.get("readout_error", 0.0), value.get("gate_error", 0.0))
    return bool(value.get("operational", 1)) and all(error < 1 for error in errors)
