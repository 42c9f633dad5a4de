"""Runs on the page: start, pause, watch, compare, download."""
