"""Kinds about packing and dividing."""

KINDS = ("bin_packing", "knapsack", "multi_knapsack", "number_partitioning", "quadratic_knapsack")
