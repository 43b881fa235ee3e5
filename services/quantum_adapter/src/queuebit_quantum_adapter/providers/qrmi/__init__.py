"""A resource by QRMI, the interface of supercomputing centres: IBM systems by the verbs of `qrmi`. Needs the extra `qrmi`."""
