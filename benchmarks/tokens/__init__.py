"""Tokens by agent, on the recorded answers of the example."""
