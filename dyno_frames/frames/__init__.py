"""Convert JSON to Arrow and to pandas under one schema."""
