"""The built-in kinds, one module each; every module holds its kind as KIND."""
