"""Edit, start, stop and send campaigns."""
