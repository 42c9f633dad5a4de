"""Tests of the report; folders.py makes run folders."""
