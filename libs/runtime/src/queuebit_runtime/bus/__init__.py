"""The bus: what publishing, delivery and done mean, whatever carries the records."""
