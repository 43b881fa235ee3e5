"""Holding work back, and letting it go again."""
