"""Circuits and observables in our own words: read from OpenQASM, simulated exactly, free of any SDK and of any problem."""
