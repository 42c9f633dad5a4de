"""Models: providers, programs, test models, and the wrappers around every call."""
