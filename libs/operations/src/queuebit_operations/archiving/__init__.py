"""Archives: months of the log, taken out whole into files, and put back."""
