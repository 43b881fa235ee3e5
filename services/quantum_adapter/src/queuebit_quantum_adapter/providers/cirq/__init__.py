"""Cirq's simulator under the constraints of a Google processor: its couplings, its gates. Needs the extra `cirq`."""
