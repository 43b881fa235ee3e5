"""Experiments on decisions: what was compared, how surely it is better, and what must not be compared by halves of one
queue. Pure.
"""
