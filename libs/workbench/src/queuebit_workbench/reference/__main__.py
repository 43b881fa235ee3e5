"""`python -m queuebit_workbench.reference FOLDER`: write the pages of the reference."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from queuebit_workbench import settings_page
from queuebit_workbench.reference import messages, programs

PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page.page,
    "metrics.md": programs.metrics,
    "topics.md": messages.topics,
    "events.md": messages.events,
    "errors.md": messages.errors,
    "http.md": programs.http,
    "kinds.md": programs.kinds_page,
    "cli.md": programs.command_line,
}


def main(argv: list[str]) -> int:
    """The exit code: 0 written, 2 wrong arguments."""
    if len(argv) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (folder / name).write_text(made())
        sys.stdout.write(f"{folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
