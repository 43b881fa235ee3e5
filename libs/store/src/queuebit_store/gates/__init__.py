"""How much goes to each provider, and whether it answers: shared by all who ask it."""
