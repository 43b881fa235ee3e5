"""The demonstration: published instances through the real stack, with a worker killed on the way."""
