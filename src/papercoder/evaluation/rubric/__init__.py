"""Rubric judges: leaf by leaf (PaperBench, sections 2 to 4)."""
