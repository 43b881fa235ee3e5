"""Policies: what may be asked about, tables and how they decide, what is wrong with one, which is active. Pure."""
