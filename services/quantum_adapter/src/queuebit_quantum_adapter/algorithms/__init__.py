"""How a problem is turned into circuits: QAOA and its kin, and what is decided before any qubit is used."""
