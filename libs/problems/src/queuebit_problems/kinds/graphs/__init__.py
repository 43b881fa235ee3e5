"""Kinds about graphs."""

KINDS = ("graph_colouring", "max_clique", "max_independent_set", "maxcut")
