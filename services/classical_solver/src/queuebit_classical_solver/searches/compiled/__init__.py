"""Inner loops as machine code, by numba. Nothing here is imported before the first solve that needs it."""
