"""Problems as quadratic polynomials over bits: QUBO, Ising, one-hot, and exact enumeration."""
