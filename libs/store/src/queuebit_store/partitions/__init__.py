"""Partitions: events by the month in which their stream began, made before the month begins."""
