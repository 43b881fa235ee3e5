"""Projections as an operator handles them: filled beside the live one, switched to, dropped, and asked."""
