"""The keys that the data of subjects is sealed with: the master key in a file, those of tenants and subjects wrapped here."""
