"""Idempotency keys: which stream a key of a tenant stands for."""
