"""Policies as operators work with them: read from files, published, activated, compared over what was recorded, explained."""
