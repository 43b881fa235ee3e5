"""Paths: how far a quantum way of answering is trusted, decided on pairs that are counted as they were asked. Pure."""
