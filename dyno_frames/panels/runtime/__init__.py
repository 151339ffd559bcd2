"""What runs a panel: the store of its state, the runner of its effects, and threads that repeat."""
