"""What searches over independent sets and cliques share."""
