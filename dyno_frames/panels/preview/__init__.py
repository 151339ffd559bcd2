"""A message as its recipients will see it, without a screen."""
