"""The tests, mirroring the modules."""
