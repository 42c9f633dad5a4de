"""Tests of the models; fakes.py has what they share."""
