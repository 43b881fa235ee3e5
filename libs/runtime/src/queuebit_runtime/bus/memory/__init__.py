"""The bus in memory, for tests, simulation and one-process worlds."""
