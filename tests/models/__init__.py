"""Tests of the models; doubles.py has what they share."""
