"""Sandboxes: run generated code isolated, within limits, and leave no process behind."""
