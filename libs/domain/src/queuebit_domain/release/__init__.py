"""When attempts are let onto their lanes: how long they take, what share of a lane each tenant has, and whose turn it is."""
