"""Decisions tried out: a matrix of problems, arms and seeds; the test that a candidate must pass; switchback; frozen
problems.
"""
