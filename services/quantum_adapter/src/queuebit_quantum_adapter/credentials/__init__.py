"""Short-lived credentials of providers, from whoever renews them."""
