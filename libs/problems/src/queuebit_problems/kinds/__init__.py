"""The built-in kinds, one folder a family. The KINDS of a family name its kinds, each a module that holds its kind as KIND.

The first version of a kind lies in the module of its name, version n of `tsp` in `tsp_v<n>`. What only these kinds need lies
beside them: `*_statement.py` and `*_search.py`.
"""
