"""Doubles of ports that more than one suite uses; each passes the behaviour suite of its port."""
