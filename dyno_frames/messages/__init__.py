"""Render a campaign's message: merge fields, MIME, plain text, preview."""
