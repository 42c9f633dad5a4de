"""Critique judges: score and faults of a repository (Paper2Code, section 4.2)."""
