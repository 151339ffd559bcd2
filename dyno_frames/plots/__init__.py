"""Pictures of campaigns: a frame in, Axes out."""
