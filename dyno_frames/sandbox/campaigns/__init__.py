"""What campaigns do: edits, process actions, sending."""
