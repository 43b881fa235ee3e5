"""How deep a circuit should be on a noisy target: deeper is better until noise takes more than depth gives.

The estimated success (ESP) of a transpiled circuit is the product of 1 - error over its gates and its readout. Of what an ideal
circuit gains over random samples a noisy one keeps about sqrt(ESP) (measured, decision 0012), so the depth is the one
that makes sqrt(ESP) * gain largest. An ideal target has no ESP and keeps the depth that was wished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

GAIN = {1: 0.2, 2: 0.66, 3: 0.68, 4: 0.71, 5: 0.75, 7: 0.78, 10: 0.82, 15: 0.86, 20: 0.88}
"""(q - q_random) / (1 - q_random) of linear ramps by depth, on an ideal target: measured, the mean over the families."""
GROUP_GAIN = {1: 0.0, 2: 0.0, 3: 0.36, 4: 0.56, 5: 0.70, 7: 0.83, 10: 0.87, 15: 0.87, 20: 0.84}
"""The same for mixers that keep groups, among the strings that hold them."""


@dataclass(frozen=True, slots=True)
class Depth:
    """A number of layers, and the estimated success of the circuit that has them."""

    layers: int
    success: float


def best_depth(wished: int, table: Mapping[int, float], success: Callable[[int], float]) -> Depth:
    """The depth up to `wished` that promises most by a table of gains; the shallower one of two that promise the same."""
    found = [Depth(layers, success(layers)) for layers in sorted({*table, wished}) if layers <= wished]
    return max(found, key=lambda depth: (sqrt(depth.success) * gain(table, depth.layers), -depth.layers))


def gain(table: Mapping[int, float], layers: int) -> float:
    """The gain at a depth, between and beyond those of the table too."""
    below = max(depth for depth in table if depth <= layers)
    above = min((depth for depth in table if depth >= layers), default=below)
    if above == below:
        return table[below]
    share = (layers - below) / (above - below)
    return table[below] + share * (table[above] - table[below])
