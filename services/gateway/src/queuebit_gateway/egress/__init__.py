"""Requests that leave: to addresses that strangers name, and to none that is not public."""
