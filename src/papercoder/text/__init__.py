"""Untrusted text on its way out: which characters are shown, and how markup is escaped."""
