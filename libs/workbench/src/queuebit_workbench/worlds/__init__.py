"""Made-up worlds in which a path is measured: each has the verdict that it must lead to, and what it may cost at most."""
