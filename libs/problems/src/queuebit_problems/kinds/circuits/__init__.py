"""Kinds that measure circuits."""
