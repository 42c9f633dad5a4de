"""Execution: rung by rung, what the generated repository was really seen to do."""
