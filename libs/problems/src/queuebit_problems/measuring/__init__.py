"""Measurements: the device port, exact references, and the statistics of an answer."""
