"""Tests from the paper's mathematics: written, and run against wrong versions of the code."""
