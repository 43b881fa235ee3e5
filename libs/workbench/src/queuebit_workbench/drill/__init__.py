"""The drill: a backend returns wrong results, and an operator puts it right with six commands, on real servers."""
