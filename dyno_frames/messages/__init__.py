"""A campaign's message: merge fields, MIME, plain text, preview."""
