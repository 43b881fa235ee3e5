"""Statements and files made to be as dear to admit as their few bytes allow, and a meter of what admitting them takes.

The generators are pure: a seed and a number give the same case again. `cases` mixes them; benchmarks and tests take them
from there.
"""
