"""What of a running stack others on the machine, or a reader of its output, could learn."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from queuebit_devstack.credentials import CLIENT_FILE, PEPPER_FILE
from queuebit_devstack.kafka_users import load_passwords
from queuebit_devstack.processes import find_marked


def open_paths(data_dir: Path) -> list[str]:
    """What in the folder others may read or write, and the folder itself."""
    paths = [path for path in (data_dir, *data_dir.rglob("*")) if not path.is_symlink()]
    return [str(path) for path in paths if path.stat().st_mode & 0o077]


def secrets_of(data_dir: Path) -> dict[str, str]:
    """Every secret of the stack, by what it is."""
    found = {f"password of {user}": password for user, password in load_passwords(data_dir).items()}
    found["pepper"] = (data_dir / PEPPER_FILE).read_text()
    if (password := data_dir / "postgres.password").exists():
        found["password of the database"] = password.read_text()
    if (client := data_dir / CLIENT_FILE).exists():
        found["API key"] = json.loads(client.read_text())["api_key"]
    return found


def told(data_dir: Path, said: Iterable[str] = ()) -> list[str]:
    """The secrets that logs, command lines or `said` give away."""
    logs = [path.read_text(errors="replace") for path in (data_dir / "logs").rglob("*.log")]
    assert logs
    lines = [" ".join(psutil.Process(each.pid).cmdline()) for each in find_marked(data_dir)]
    assert lines
    return [
        name for name, secret in secrets_of(data_dir).items() if any(secret in text for text in (*logs, *lines, *said))
    ]
