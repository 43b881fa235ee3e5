"""What an attempt asked and got, round by round, kept at its end: as requests and results, and as OpenQASM 3 and QPY."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from uuid import UUID

from queuebit_circuits.text import to_qasm3
from queuebit_contracts.jobs import Artifacts as Reference
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.evidence.port import Program, Shown
from queuebit_quantum_adapter.ports import Provider, Request, Result
from queuebit_quantum_adapter.submissions.codec import encode_counts, encode_request, encode_result
from queuebit_quantum_adapter.submissions.journal import Journal, Remembering
from queuebit_quantum_adapter.submissions.running import HandIn
from queuebit_store.artifacts.manifest import Item, encode_manifest
from queuebit_store.evidence.port import Piece

ROUNDS_MAX = 200
"""Of so many rounds requests and results are kept; the list says how many there were."""
TEXTS_MAX = 16
JOURNAL, SETTING = "journal.json", "setting.json"
_log = logging.getLogger(__name__)


class Recorded:
    """Hands in as another one does, and remembers."""

    def __init__(self, hand_in: HandIn) -> None:
        self._hand_in = hand_in
        self._rounds: list[tuple[Provider, Request, Result]] = []
        self.count = 0

    def __call__(self, provider: Provider, request: Request, attempt_id: UUID, number: int, key: UUID) -> Result:
        result = self._hand_in(provider, request, attempt_id, number, key)
        self.count += 1
        if len(self._rounds) < ROUNDS_MAX:
            self._rounds.append((provider, request, result))
        return result

    def items(self, keeping: Keeping, journal: Journal, setting: bytes, *, programs: bool) -> Iterator[Item]:
        """Keep it. `programs`: also what the provider made of the circuits, where it was made in this process."""
        for number, (provider, request, result) in enumerate(self._rounds):
            pieces = [
                Program("request.json", encode_request(request)),
                Program("counts.json", encode_counts(result)),
                Program("result.json", encode_result(result)),
                *_quietly(lambda request=request: _asked(request)),  # type: ignore[misc]
                *(_ran(provider, request) if programs else ()),
            ]
            for piece in pieces:
                name = f"round-{number}/{piece.name}"
                yield Item(name, *keeping.put(name, piece.data))
        for name, data in ((JOURNAL, journal.encode()), (SETTING, setting)):
            yield Item(name, *keeping.put(name, data))


def setting_of(spec: BackendSpec, limits: Limits) -> bytes:
    """Under which bounds, and on which backend as it was configured."""
    return json.dumps({"backend": asdict(spec), "limits": asdict(limits)}, sort_keys=True).encode()


def read_setting(data: bytes) -> tuple[BackendSpec, Limits]:
    """The same, read. Raises TypeError where it is of a version that configured backends otherwise."""
    found = json.loads(data)
    return BackendSpec(**found["backend"]), Limits(**found["limits"])


def listed(keeping: Keeping, attempt_id: UUID, backend: str, items: Iterable[Item], rounds: int) -> Reference | None:
    """The list of it, kept too; None where that cannot be kept: no answer is lost over it."""
    try:
        found = tuple(items)
    except Exception as error:
        _log.warning("What an attempt asked and got is not kept: %s", type(error).__name__)
        return None
    of = {"attempt_id": str(attempt_id), "backend": backend, "rounds": rounds}
    sha256, size, kept = keeping.put("manifest.json", encode_manifest(of, found))
    return Reference(sha256=sha256, bytes=size, count=len(found)) if kept else None


def items_of(pieces: Iterable[Piece]) -> Iterator[Item]:
    """What was seen of submissions, as items of the list."""
    for piece in pieces:
        seen = piece.seen
        about = {"submission": str(piece.key), "at": piece.at.isoformat()}
        if seen.status is not None:
            about["status"] = str(seen.status)
        yield Item(seen.name, seen.sha256, seen.bytes, seen.kept, about)


def _asked(request: Request) -> Iterator[Program]:
    """The first circuits that were asked for, a text each; of an annealer there are none."""
    for place, bound in enumerate(request.circuits[:TEXTS_MAX]):
        yield Program(f"asked-{place}.qasm", to_qasm3(bound.filled).encode())


def _ran(provider: Provider, request: Request) -> tuple[Program, ...]:
    real = provider.real if isinstance(provider, Remembering) else provider
    if not isinstance(real, Shown):
        return ()
    return _quietly(lambda: real.shown(request))


def _quietly(programs: Callable[[], Iterable[Program]]) -> tuple[Program, ...]:
    """Those that can be written down."""
    try:
        return tuple(programs())
    except Exception as error:
        _log.warning("Programs of an attempt are not kept: %s", type(error).__name__)
        return ()
