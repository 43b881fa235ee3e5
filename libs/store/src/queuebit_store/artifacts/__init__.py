"""What is large or must be provable, outside of the database: bytes by their hash, written once."""
