"""What the supervisor tells of each service, where `queuebit status` finds it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from queuebit_devstack.private import write_private

State = Literal["running", "waiting", "crash_loop", "given_up", "stopped"]


@dataclass(frozen=True, slots=True)
class Note:
    """How it stands with one service. The rest is about its last end; `since` is when the state began."""

    state: State
    since: str
    restarts: int = 0
    exit_code: int | None = None
    last_line: str = ""
    why: str = ""

    @property
    def sentence(self) -> str:
        """For a person; empty where there is nothing to tell."""
        ended = f"ended with {'an unknown code' if self.exit_code is None else self.exit_code}"
        last = f" Its last line: {self.last_line}" if self.last_line else ""
        match self.state:
            case "running":
                return f"restarted {self.restarts} times, last {ended}" if self.restarts else ""
            case "waiting":
                why = f", {self.why}" if self.why else ""
                return f"{ended}{why}, is started again.{last}"
            case "crash_loop":
                return f"crash loop: {ended} again and again ({self.restarts} restarts), is started again slowly.{last}"
            case "given_up":
                return f"given up: {ended}, {self.why}. Mend it, then `queuebit up`.{last}"
            case "stopped":
                return "stopped on purpose; `queuebit up` starts it again"


def notes_file(data_dir: Path) -> Path:
    return data_dir / "supervisor" / "notes.json"


def write_notes(data_dir: Path, notes: Mapping[str, Note]) -> None:
    """Replace what was told before."""
    write_private(notes_file(data_dir), json.dumps({name: asdict(note) for name, note in notes.items()}))


def read_notes(data_dir: Path) -> dict[str, Note]:
    """What was told last; nothing where there is no supervisor, or its file is of another version."""
    try:
        found = json.loads(notes_file(data_dir).read_text())
        return {name: Note(**note) for name, note in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
