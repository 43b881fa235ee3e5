"""Plans that are kept to earlier ones where the constraints alone cannot say it: the statement carries the earlier plan."""
