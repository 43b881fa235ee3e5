"""Which search runs when, and what ends it: the cheapest proof first, then searches with a floor under them."""
