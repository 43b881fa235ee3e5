"""The frame for verbs that act on many things: frozen, counted, told why, paced, resumed, cancelled, recorded."""
