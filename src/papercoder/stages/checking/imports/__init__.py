"""Imports: which modules a repository has, what they import, and the packages that this requires."""
