"""Clouds of providers on loopback: what their unmodified clients speak with, for tests and demonstrations."""
