"""How each backend reported itself last, and what our own attempts there took."""
