"""What an attempt may cost and what a tenant may spend: price lists, estimates, and what is left in the budgets of a job.
Pure.
"""
