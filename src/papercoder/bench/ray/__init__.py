"""Entries on a Ray cluster."""
