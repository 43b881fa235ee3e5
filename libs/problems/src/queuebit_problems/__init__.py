"""Problem kinds: statement, objective, violations, encoding, heuristic and default answer."""
