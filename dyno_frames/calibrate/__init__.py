"""Learn what a server's filters mean, from a few small read-only requests about its own rows."""
