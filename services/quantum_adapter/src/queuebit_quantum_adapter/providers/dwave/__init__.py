"""D-Wave's samplers on this machine: annealers in the port's words, without a quantum processor. Needs the extra `dwave`."""
