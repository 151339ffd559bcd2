"""Learn what the filters of a server mean, from a few small requests about its own rows."""
