"""Kinds that assign one thing to another."""
