"""Budgets and costs as an operator reads them: accounts, what is set aside, and what was spent as a file that finance reads."""
