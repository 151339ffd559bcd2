"""Send campaigns to real contacts."""
