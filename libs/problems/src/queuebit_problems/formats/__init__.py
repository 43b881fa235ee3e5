"""The field's own files, as text, and the documents that several kinds share."""
