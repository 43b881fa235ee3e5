"""What providers read of the environment, each in its own offer: lists of names, and numbers."""

from __future__ import annotations

from collections.abc import Mapping

from queuebit_quantum_adapter.errors import NoBackend


def names(env: Mapping[str, str], variable: str, such_as: str) -> list[str]:
    """A list of names parted by commas. Raises NoBackend where there is none."""
    found = [name.strip() for name in env.get(variable, "").split(",") if name.strip()]
    if not found:
        raise NoBackend(f"{variable} is not set.", remedy=f"Name {such_as}.")
    return found


def number(env: Mapping[str, str], variable: str, default: float) -> float:
    """A number above 0. Raises NoBackend where it is none."""
    text = env.get(variable) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise NoBackend(f"{variable} is {text[:40]!r}.", remedy="Use a number above 0.")
    return value


def limit(env: Mapping[str, str], variable: str) -> int:
    """So many at most; 0, where it is not set, for no limit. Raises NoBackend where it is no number above 0."""
    return int(number(env, variable, 1.0)) if env.get(variable) else 0
