"""Credentials as files in a folder, each named as its variable. Who renews them writes the files anew."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from queuebit_quantum_adapter.credentials.port import BYTES_MAX, is_account_variable
from queuebit_quantum_adapter.errors import CredentialsMissing

_log = logging.getLogger(__name__)


class Folder:
    """The folder, read anew each time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        try:
            for path in sorted(self._path.iterdir()):
                if not is_account_variable(path.name) or not path.is_file():
                    continue
                if path.stat().st_size > BYTES_MAX:
                    _log.error("The credential %s is larger than %d bytes and is not read.", path.name, BYTES_MAX)
                    continue
                found[path.name] = path.read_text().strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialsMissing(
                f"The folder of credentials cannot be read ({type(error).__name__}).",
                remedy="Let QUEUEBIT_QUANTUM_CREDENTIALS name a folder of text files that this user may read.",
            ) from None
        return found
