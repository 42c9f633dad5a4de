"""Turns a machine-learning paper into a code repository that is traced to the paper's own words."""
