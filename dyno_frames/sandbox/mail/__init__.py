"""Mail to real contacts."""
