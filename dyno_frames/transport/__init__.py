"""HTTP: the only package that opens a socket."""
