"""Judges of repositories, by critique and by rubric, and what shows whether a judge can be trusted."""
