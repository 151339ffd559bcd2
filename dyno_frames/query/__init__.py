"""Compile a pandas expression to a plan of requests, without I/O."""
