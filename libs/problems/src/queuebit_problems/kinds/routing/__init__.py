"""Kinds about tours and routes."""

KINDS = ("cvrp", "tsp", "vrptw")
