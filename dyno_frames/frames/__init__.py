"""From the wire to Arrow to pandas, under one schema."""
