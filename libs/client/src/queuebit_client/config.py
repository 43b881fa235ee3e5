"""Where the server is and which key opens it.

Precedence: argument, environment, profile, the file of a local stack, default. A local stack's `.queuebit/client.json` lies
in a folder that anybody may have made, so it counts only as a pair: where a URL or a key is given elsewhere, it is not read.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from queuebit_client.errors import BadConfig

URL_VARIABLE = "QUEUEBIT_URL"
KEY_VARIABLE = "QUEUEBIT_API_KEY"
PROFILE_VARIABLE = "QUEUEBIT_PROFILE"
URL_DEFAULT = "http://127.0.0.1:8080"
PROFILE_DEFAULT = "default"
LOCAL_FILE = Path(".queuebit") / "client.json"
SETTINGS = ("url", "api_key")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings in force, and where each came from."""

    url: str
    api_key: str | None
    url_from: str
    api_key_from: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        agent = {"User-Agent": f"queuebit-python/{version('queuebit')}"}
        return agent if self.api_key is None else {**agent, "Authorization": f"Bearer {self.api_key}"}

    @property
    def masked_key(self) -> str:
        """The key as it may be shown: its id, never its secret."""
        return "(none)" if self.api_key is None else f"{self.api_key[:16]}…"


def resolve(
    *,
    url: str | None = None,
    api_key: str | None = None,
    profile: str | None = None,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Config:
    """The settings in force. Raises BadConfig where a file cannot be read or is open to others."""
    env = os.environ if env is None else env
    name = profile or env.get(PROFILE_VARIABLE) or PROFILE_DEFAULT
    path = config_path(env)
    stored = read_profile(path, name, required=profile is not None)
    layers: list[tuple[str, dict[str, str | None]]] = [
        ("argument", {"url": url, "api_key": api_key}),
        ("environment", {"url": env.get(URL_VARIABLE) or None, "api_key": env.get(KEY_VARIABLE) or None}),
        (f"profile {name}", {"url": stored.get("url"), "api_key": stored.get("api_key")}),
    ]
    if not any(values[setting] for _, values in layers for setting in SETTINGS):
        local = (folder or Path.cwd()) / LOCAL_FILE
        layers.append((str(LOCAL_FILE), _local(local)))
    found = {setting: _first(layers, setting) for setting in SETTINGS}
    address, address_from = found["url"]
    key, key_from = found["api_key"]
    if address and not address.startswith(("http://", "https://")):
        raise BadConfig(
            f"The URL from {address_from} is not one of HTTP.", remedy="Give it as https://host or http://host:port."
        )
    return Config((address or URL_DEFAULT).rstrip("/"), key, address_from, key_from)


def config_path(env: Mapping[str, str]) -> Path:
    """The file of profiles (XDG base directories)."""
    base = env.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path(env.get("HOME", "~")).expanduser() / ".config") / "queuebit" / "config.toml"


def read_profile(path: Path, name: str, *, required: bool = False) -> dict[str, str]:
    """The settings of a profile; {} where there is none and none is required. Raises BadConfig."""
    profiles = read_profiles(path)
    if required and name not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise BadConfig(f"There is no profile {name!r} in {path}; there are: {known}.", remedy="Name one of them.")
    return profiles.get(name, {})


def read_profiles(path: Path) -> dict[str, dict[str, str]]:
    """Every profile of the file. Raises BadConfig."""
    if not path.exists():
        return {}
    import tomllib

    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path} cannot be read: {error}.", remedy="Correct or remove the file.") from None
    tables: Any = document.get("profile", {})
    profiles = {
        name: {setting: str(table[setting]) for setting in SETTINGS if setting in table}
        for name, table in (tables.items() if isinstance(tables, dict) else ())
        if isinstance(table, dict)
    }
    if any("api_key" in profile for profile in profiles.values()):
        _check_mode(path)
    return profiles


def write_setting(path: Path, profile: str, setting: str, value: str) -> None:
    """Store a setting of a profile; the file is readable by its owner only."""
    profiles = read_profiles(path)
    profiles.setdefault(profile, {})[setting] = value
    lines = []
    for name, settings in sorted(profiles.items()):
        lines.append(f"[profile.{json.dumps(name)}]")
        lines += [f"{key} = {json.dumps(text)}" for key, text in sorted(settings.items())]
        lines.append("")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines))
    fresh.replace(path)


def _local(path: Path) -> dict[str, str | None]:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadConfig(
            f"{path} cannot be read: {error}.", remedy="Start the local stack again: queuebit up."
        ) from None
    return {setting: document.get(setting) for setting in SETTINGS} if isinstance(document, dict) else {}


def _check_mode(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise BadConfig(f"{path} holds an API key and is open to others (mode {mode:o}).", remedy=f"chmod 600 {path}")


def _first(layers: list[tuple[str, dict[str, str | None]]], setting: str) -> tuple[str | None, str]:
    return next(((values[setting], name) for name, values in layers if values.get(setting)), (None, "default"))
