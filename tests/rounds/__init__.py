"""Tests of the bounded rounds."""
