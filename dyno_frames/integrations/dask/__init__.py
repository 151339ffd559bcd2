"""Scans as Dask collections: partitions by ``created``, read by the workers of a cluster, with one budget."""
