"""Untrusted text: which characters are shown, how markup is escaped, and how YAML is read."""
