"""Qiskit Aer, ideal or with the noise of a device."""
