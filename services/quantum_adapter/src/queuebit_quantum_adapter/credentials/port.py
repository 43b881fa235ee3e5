"""Where credentials come from, each under the name of the variable that it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

BYTES_MAX = 64 * 1024
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_NEVER = ("QUEUEBIT_", "PYTHON", "LD_", "PATH", "HOME")
"""What steers programs rather than accounts: nobody who may write a credential is to write these."""


class Source(Protocol):
    """Somebody who renews credentials."""

    def read(self) -> Mapping[str, str]:
        """All that stand there now; what is gone is left out. Blocks. Raises CredentialsMissing where that cannot be told."""
        ...


def is_account_variable(name: str) -> bool:
    """Whether a credential may be called so."""
    return _VARIABLE.fullmatch(name) is not None and not name.startswith(_NEVER)
