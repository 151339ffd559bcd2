"""From a plan to record batches: pages, residual, certificate."""
