"""Attacks on PaperCoder that must fail."""
