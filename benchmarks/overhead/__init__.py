"""What our own code takes for each call, with a model that takes no time at all."""
