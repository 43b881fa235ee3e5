"""What an unmodified qiskit-ibm-runtime takes for IBM Quantum: jobs run on Aer, faults come on command."""
