"""Leadership: who may act under a name, as a lease with a token."""
