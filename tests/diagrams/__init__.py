"""Tests of the drawings; sources.py has diagrams, shapes.py reads drawings."""
