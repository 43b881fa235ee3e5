"""The commands about configuration and the version."""

from __future__ import annotations

import os
import sys

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFlag
from queuebit_client.cli.output import note, print_json, print_line, show_table
from queuebit_client.cli.session import Target
from queuebit_client.config import PROFILE_DEFAULT, PROFILE_VARIABLE, SETTINGS, config_path, resolve, write_setting


def show_config(target: Target, *, as_json: bool) -> ExitCode:
    """The settings in force and where each came from; never a secret."""
    config = resolve(url=target.url, profile=target.profile)
    path = str(config_path(os.environ))
    if as_json:
        print_json(
            {
                "url": config.url,
                "url_from": config.url_from,
                "api_key": config.masked_key,
                "api_key_from": config.api_key_from,
                "file": path,
            }
        )
        return ExitCode.OK
    rows = [
        ["url", config.url, config.url_from],
        ["api_key", config.masked_key, config.api_key_from],
        ["file", path, ""],
    ]
    show_table("Configuration", ["setting", "value", "from"], rows)
    return ExitCode.OK


def set_config(target: Target, setting: str, value: str) -> ExitCode:
    """Store a setting in the profile; `-` reads the value from standard input, so that a key stays out of the history."""
    if setting not in SETTINGS:
        raise BadFlag(f"There is no setting {setting}.", remedy=f"Use one of: {', '.join(SETTINGS)}.")
    if value == "-":
        value = sys.stdin.readline().strip()
    profile = target.profile or os.environ.get(PROFILE_VARIABLE) or PROFILE_DEFAULT
    path = config_path(os.environ)
    write_setting(path, profile, setting, value)
    note(f"Stored {setting} of the profile {profile} in {path}.")
    return ExitCode.OK


def show_version() -> ExitCode:
    """The version of the client."""
    from importlib.metadata import version

    print_line(f"queuebit {version('queuebit')}")
    return ExitCode.OK
