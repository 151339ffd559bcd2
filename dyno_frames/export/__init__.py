"""Campaign data as Parquet."""
