"""Diagnosis: does the store take writes, what waits, and who holds it up."""
