"""From a pandas expression to a plan of requests, without any I/O."""
