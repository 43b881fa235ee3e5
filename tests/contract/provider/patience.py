"""Clouds that run circuits in the process of their test answer late on a busy machine, which is no fault of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import pytest

PATIENCE_S = 60.0
_SDKS = {"ibm": "qiskit_ibm_runtime", "braket": "boto3", "leap": "dwave"}


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """Of each cloud whose SDK is here, the client waits so long for an answer."""
    with pytest.MonkeyPatch.context() as patch:
        for name, sdk in _SDKS.items():
            if find_spec(sdk) is not None:
                patch.setattr(import_module(f"queuebit_quantum_adapter.providers.{name}.client"), "READ_S", PATIENCE_S)
        yield
