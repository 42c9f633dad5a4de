"""The overhead of our own code per call, with a model that answers at once."""
