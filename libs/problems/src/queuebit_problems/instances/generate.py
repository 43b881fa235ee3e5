"""The generator of the knapsack instances that come with the package: the published sets state no licence."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnapsackRecipe:
    """`correlation` is how profits follow weights: none, weak (within 10 either way) or strong (weight + 10).

    The capacity is half of the weights, rounded down. `decimals` is how many digits all numbers have after the point.
    """

    items: int
    seed: int
    correlation: str
    decimals: int = 0


KNAPSACK_RECIPES: dict[str, KnapsackRecipe] = {
    "kp_008_none": KnapsackRecipe(8, 8001, "none"),
    "kp_012_weak": KnapsackRecipe(12, 12001, "weak"),
    "kp_015_decimal": KnapsackRecipe(15, 15001, "none", decimals=2),
    "kp_016_strong": KnapsackRecipe(16, 16001, "strong"),
    "kp_020_none": KnapsackRecipe(20, 20001, "none"),
    "kp_024_weak": KnapsackRecipe(24, 24001, "weak"),
    "kp_050_strong": KnapsackRecipe(50, 50001, "strong"),
    "kp_200_weak": KnapsackRecipe(200, 200001, "weak"),
}


def knapsack_text(recipe: KnapsackRecipe) -> str:
    """The instance as a file: `items capacity`, then `profit weight` of each item."""
    rng = random.Random(recipe.seed)
    weights = [rng.randint(11, 100) for _ in range(recipe.items)]
    match recipe.correlation:
        case "none":
            profits = [rng.randint(1, 100) for _ in weights]
        case "weak":
            profits = [weight + rng.randint(-10, 10) for weight in weights]
        case "strong":
            profits = [weight + 10 for weight in weights]
        case other:
            raise ValueError(f"no correlation is called {other!r}")
    fractions = [rng.randrange(10**recipe.decimals) for _ in range(2 * recipe.items)]
    rows = zip(profits, fractions[::2], weights, fractions[1::2], strict=True)
    lines = [
        f"{_decimal(profit, a, recipe.decimals)} {_decimal(weight, b, recipe.decimals)}"
        for profit, a, weight, b in rows
    ]
    return "\n".join([f"{recipe.items} {sum(weights) // 2}", *lines]) + "\n"


def _decimal(whole: int, fraction: int, decimals: int) -> str:
    return f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)
