"""IBM Quantum through qiskit-ibm-runtime: one batch a submission is its fence, a tag its key. Needs the extra `ibm`."""
