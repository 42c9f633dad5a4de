"""Execution: step by step, what the generated repository was really seen to do."""
