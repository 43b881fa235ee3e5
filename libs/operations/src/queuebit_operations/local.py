"""The servers of a local stack, for an operator who stands in its folder and says nothing else."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from queuebit_operations.errors import BadArgument

SAID_BY = ("QUEUEBIT_POSTGRES", "QUEUEBIT_KAFKA")
"""Where the environment says one of these, it is not a local stack that is meant."""
DATA_VARIABLE = "QUEUEBIT_DATA"
FOLDER = ".queuebit"
FILE = "operator.json"


def local_servers(env: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """What `queuebit up` wrote into the data folder that the environment names, or into that of `folder`; nothing where the
    environment says where servers are, or no stack was started. A file that others may write, or that is another user's, leads
    anywhere: raises BadArgument.
    """
    if any(env.get(name) for name in SAID_BY):
        return {}
    path = Path(env.get(DATA_VARIABLE) or folder / FOLDER).expanduser() / FILE
    try:
        with path.open() as file:
            found = os.fstat(file.fileno())
            document = dict(json.load(file))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise BadArgument(
            f"{path} cannot be read: {error}.", remedy="Start the local stack again: queuebit up."
        ) from None
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise BadArgument(
            f"{path} is another user's, or open to others.", remedy=f"chmod 600 {path}, or set {' and '.join(SAID_BY)}."
        )
    return {name: str(value) for name, value in document.items() if not env.get(name)}
