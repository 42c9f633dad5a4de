"""Execution: installs and runs a generated repository step by step in a sandbox."""
