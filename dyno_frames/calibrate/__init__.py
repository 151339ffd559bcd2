"""Learn what a server's filters mean, with small read-only requests about its own rows."""
