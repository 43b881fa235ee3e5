"""Whether the circuit that will run is the one that was meant."""
